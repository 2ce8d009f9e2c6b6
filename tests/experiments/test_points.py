from dataclasses import replace

import numpy as np
from test_kpi import truth

from suandian.experiments.points import connections, supply_contracts
from suandian.model.grid import FeederGrid
from suandian.model.plan import Objective
from suandian.signals.county import county_network


def test_supply_contracts_name_payer_payee_and_clause() -> None:
    told = [(c.meter, c.payer, c.payee, c.clause) for c in supply_contracts(truth(Objective()))]
    assert told == [
        ("site/a/grid", "owner", "county", "the tariff of a"),
        ("site/b/grid", "owner", "state_grid", "supply contract"),
    ]


def test_a_connection_is_a_feeder_or_a_site_of_its_own() -> None:
    feeder, base, alone = connections(truth(Objective()).fleet)
    assert (feeder.id, feeder.import_max_mw, feeder.export_max_mw) == ("c", 90.0, 45.0)
    assert feeder.site_meters == ("site/a/grid",)
    assert feeder.battery_meters == ("site/a/battery",)
    assert feeder.tie_meters == ("tie/line/c",)
    assert (base.id, base.site_meters, base.tie_meters) == ("w", (), ("tie/line/w",))
    assert base.wind_meters == (("feeder/w/wind", "feeder/w/wind_available"),)
    assert (alone.id, alone.meter, alone.site_meters) == ("b", "site/b/grid", ())
    assert alone.pv_meters == (("site/b/pv", "site/b/pv_available"),)


def test_losses_of_a_network_are_a_load_of_its_feeder() -> None:
    fleet = truth(Objective()).fleet
    network = county_network(seed=1, transformers_mva=(40.0,), villages=8)
    grid = FeederGrid(network, *(np.zeros(0),) * 3, np.zeros(0, np.int64), {}, 0.0)
    feeder, _ = connections(replace(fleet, feeders=(replace(fleet.feeders[0], grid=grid),)))
    assert feeder.load_meters == ("feeder/c/load", "feeder/c/losses", "site/a/facility")
    assert connections(fleet)[0].load_meters == ("feeder/c/load", "site/a/facility")
