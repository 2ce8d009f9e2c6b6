"""suandian (算电): plan, run, verify and settle flexible computing on a real grid."""

__version__ = "0.1.0"
