"use strict";
(function () {
  // Unpack: the browser's own gzip reader, or the small one below where there is none.
  function bytes(id) {
    var text = atob(document.getElementById(id).textContent.trim());
    var out = new Uint8Array(text.length);
    for (var i = 0; i < text.length; i++) out[i] = text.charCodeAt(i);
    return out;
  }
  function unpack(id) {
    var packed = bytes(id);
    if (typeof DecompressionStream === "function" && !window.suandianPlainUnpack) {
      var stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
      return new Response(stream).text();
    }
    return new Promise(function (done) { done(new TextDecoder().decode(gunzip(packed))); });
  }

  // Inflate after RFC 1951 and 1952 (deflate, gzip); our own packing writes no optional header fields.
  function tree(lengths) {
    var counts = new Uint16Array(16), offsets = new Uint16Array(16), symbols = new Uint16Array(lengths.length), i;
    for (i = 0; i < lengths.length; i++) counts[lengths[i]]++;
    counts[0] = 0;
    for (i = 1; i < 16; i++) offsets[i] = offsets[i - 1] + counts[i - 1];
    for (i = 0; i < lengths.length; i++) if (lengths[i]) symbols[offsets[lengths[i]]++] = i;
    return { counts: counts, symbols: symbols };
  }
  function series(bits, first, step) {
    var base = [], value = first;
    for (var i = 0; i < bits.length; i++) { base.push(value); value += 1 << bits[i]; }
    return base;
  }
  function gunzip(packed) {
    var at = 10, hold = 0, held = 0, end = packed.length - 8;
    var size = (packed[end + 4] | packed[end + 5] << 8 | packed[end + 6] << 16 | packed[end + 7] << 24) >>> 0;
    var out = new Uint8Array(size), n = 0, last, i;
    function take(count) {
      while (held < count) { hold |= packed[at++] << held; held += 8; }
      var value = hold & ((1 << count) - 1);
      hold >>>= count; held -= count;
      return value;
    }
    function symbol(code) {
      var value = 0, first = 0, index = 0;
      for (var length = 1; length < 16; length++) {
        value |= take(1);
        var count = code.counts[length];
        if (value - count < first) return code.symbols[index + value - first];
        index += count; first = (first + count) << 1; value <<= 1;
      }
      throw new Error("bad code");
    }
    var extraLength = [], extraDistance = [0, 0];
    for (i = 0; i < 28; i++) extraLength.push(i < 4 ? 0 : (i >> 2) - 1);
    for (i = 2; i < 30; i++) extraDistance.push((i >> 1) - 1);
    var baseLength = series(extraLength, 3), baseDistance = series(extraDistance, 1);
    extraLength.push(0); baseLength.push(258);
    do {
      last = take(1);
      var kind = take(2);
      if (kind === 0) {
        hold = held = 0;
        var raw = packed[at] | packed[at + 1] << 8; at += 4;
        out.set(packed.subarray(at, at + raw), n); n += raw; at += raw;
        continue;
      }
      var lengths = [], code, distances;
      if (kind === 1) {
        for (i = 0; i < 288; i++) lengths.push(i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8);
        code = tree(lengths); distances = tree(new Uint8Array(30).fill(5));
      } else {
        var literals = take(5) + 257, places = take(5) + 1, clues = take(4) + 4, small = new Uint8Array(19);
        var order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
        for (i = 0; i < clues; i++) small[order[i]] = take(3);
        var clue = tree(small);
        while (lengths.length < literals + places) {
          var s = symbol(clue);
          if (s < 16) { lengths.push(s); continue; }
          var repeat = s === 16 ? lengths[lengths.length - 1] : 0;
          var times = s === 16 ? 3 + take(2) : s === 17 ? 3 + take(3) : 11 + take(7);
          while (times--) lengths.push(repeat);
        }
        code = tree(lengths.slice(0, literals)); distances = tree(lengths.slice(literals));
      }
      for (;;) {
        var word = symbol(code);
        if (word < 256) { out[n++] = word; continue; }
        if (word === 256) break;
        word -= 257;
        var length = baseLength[word] + take(extraLength[word]);
        var d = symbol(distances), back = baseDistance[d] + take(extraDistance[d]);
        while (length--) { out[n] = out[n - back]; n++; }
      }
    } while (!last);
    return out;
  }

  // Columns are kept once and referred to as {"$": index}; drawings are copied because Plotly changes its input.
  function copy(value, columns) {
    if (Array.isArray(value)) return value.map(function (item) { return copy(item, columns); });
    if (value && typeof value === "object") {
      if ("$" in value) return columns[value.$].slice();
      var out = {};
      for (var key in value) out[key] = copy(value[key], columns);
      return out;
    }
    return value;
  }
  function formFor(width, forms) {
    for (var i = 0; i < forms.length; i++) if (width >= forms[i][1]) return forms[i][0];
    return forms[forms.length - 1][0];
  }
  function zoom(layout, day) {
    layout.xaxis.range = [day[0], day[1]];
    layout.xaxis.tickvals = [0, 6, 12, 18].map(function (h) { return day[0].slice(0, 11) + (h < 10 ? "0" : "") + h + ":00"; });
    layout.xaxis.ticktext = ["0:00", "6:00", "12:00", "18:00"];
  }
  function Chart(element, spec, data) {
    this.element = element; this.spec = spec; this.data = data;
    this.plot = element.querySelector(".plot");
    this.arm = spec.default; this.day = "";
    var self = this;
    element.querySelectorAll(".switch input").forEach(function (input) {
      input.addEventListener("change", function () {
        if (input.closest(".switch").dataset.switch === "arm") self.arm = input.value; else self.day = input.value;
        self.draw();
      });
    });
  }
  Chart.prototype.draw = function (paper) {
    var width = paper || Math.floor(this.element.clientWidth);
    if (!width) return;
    var form = paper ? "medium" : formFor(width, this.data.forms);
    var variant = this.spec.variants[paper ? this.spec.default : this.arm];
    var figure = copy(variant.forms[form], this.data.columns);
    figure.layout.width = width;
    if (paper) figure.layout.height = Math.round(figure.layout.height * 0.84);
    if (this.day !== "" && !paper) zoom(figure.layout, this.spec.days[Number(this.day)]);
    this.element.dataset.form = form;
    this.element.querySelector(".find").innerHTML = variant.title;
    this.element.querySelector("figcaption").innerHTML = variant.caption;
    this.plot.setAttribute("aria-label", this.element.querySelector(".find").textContent);
    var waiting = this.plot.querySelector(".waiting");
    if (waiting) waiting.remove();
    this.width = width;
    return window.Plotly.react(this.plot, figure.data, figure.layout, { displayModeBar: false, responsive: false, scrollZoom: false, doubleClick: false });
  };

  var root = document.documentElement;
  Promise.all([unpack("plotly-packed"), unpack("data-packed")]).then(function (parts) {
    var script = document.createElement("script");
    script.textContent = parts[0];
    document.head.appendChild(script);
    var data = JSON.parse(parts[1]);
    var charts = Array.prototype.map.call(document.querySelectorAll("[data-figure]"), function (element) {
      return new Chart(element, data.figures[element.dataset.figure], data);
    });
    function all(paper) { return Promise.all(charts.map(function (chart) { return chart.draw(paper); })); }
    var timer = 0;
    window.addEventListener("resize", function () {
      clearTimeout(timer);
      timer = setTimeout(function () {
        charts.forEach(function (chart) { if (chart.width !== Math.floor(chart.element.clientWidth)) chart.draw(); });
      }, 120);
    });
    window.addEventListener("beforeprint", function () { all(688); });
    window.addEventListener("afterprint", function () { all(); });
    return all();
  }).then(function () { root.dataset.ready = "yes"; }, function (error) {
    root.dataset.ready = "no";
    document.querySelectorAll(".chart details").forEach(function (details) { details.open = true; });
    console.error(error);
  });
})();
