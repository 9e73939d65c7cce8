"""Logs on disk: the folder, its one writer, and reading it while the writer goes on."""

from mlspec.requestlog.disk.files import LogFiles
from mlspec.requestlog.disk.folder import LogFolder
from mlspec.requestlog.disk.layout import side_path
from mlspec.requestlog.disk.pending import Appended
from mlspec.requestlog.disk.rotating import rotate
from mlspec.requestlog.disk.sides import side_lock
from mlspec.requestlog.disk.writer import LogWriter

__all__ = ["Appended", "LogFiles", "LogFolder", "LogWriter", "rotate", "side_lock", "side_path"]
