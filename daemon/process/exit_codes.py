"""The codes that the process exits with, for supervisors."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process ended of, numbered as in BSD's ``sysexits.h``.

    A second SIGTERM or SIGINT ends it at once with 128 plus the signal's number.
    """

    OK = 0
    """Stopped as asked, or the source is exhausted; everything learned is in a checkpoint."""
    USAGE = 64
    """The command does not do what it was asked for; the message names the one that does."""
    DATA = 65
    """Too large a share of the stream could not be learned from, or all of a finite one: see the dead letters."""
    UNAVAILABLE = 69
    """A dependency could not be reached (broker, sink, own port). Restarting may help."""
    SOFTWARE = 70
    """A fault of the program itself. A restart resumes from the newest good checkpoint."""
    IO = 74
    """The state directory could not be read or written, is locked, or holds no good checkpoint."""
    BEHIND = 75
    """What was rebuilt is behind what it is to replace, and has not taken over. Asked again later, it may."""
    CONFIG = 78
    """The configuration is wrong. Restarting can't help: ``RestartPreventExitStatus=78``."""
