"""The version of a saved model before the present one, which stays in its folder without a manifest of its own."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from recommender.errors import ModelError
from recommender.model.model import Model
from recommender.model.store import file_entries, open_model, read_manifest, version_of, versions_in
from recommender.system.clock import stamp


def model_before(folder: Path, model: Model | None = None) -> Model | None:
    """Open the model that a folder had before a model, which it holds or not; without one, before the present one.

    None where no earlier version is left whole.

    Raises:
        ModelError: the folder holds no model.
    """
    manifest = read_manifest(folder)
    own = model is None or manifest["corpus_digest"] == model.corpus_digest
    if not own:
        return open_model(folder, manifest)
    for version in versions_in(folder):
        if version == manifest["version"]:
            continue
        try:
            files = file_entries(folder / version)
            if version_of(files) != version:
                continue
            moment = datetime.fromtimestamp((folder / version).stat().st_mtime, UTC)
            known = manifest | {"version": version, "files": files, "corpus_digest": "", "built_at": stamp(moment)}
            return open_model(folder, known)
        except (ModelError, OSError):
            continue
    return None
