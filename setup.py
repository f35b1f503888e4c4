"""Puts what is no package into the wheel: models, seeds, templates, docs and deployments.

All else about the package stands in pyproject.toml. An editable install reads them in the checkout.
"""

import shutil
from pathlib import Path
from typing import ClassVar

from setuptools import setup
from setuptools.command.build_py import build_py


class _WithHouse(build_py):
    house: ClassVar = ("dbt_project", "templates", "docs", "deployments")
    files: ClassVar = ("prefect.yaml", "automations.yaml", "CHANGELOG.md")

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        house = Path(self.build_lib) / "winback" / "_house"
        shutil.rmtree(house, ignore_errors=True)
        for name in self.house:
            skipped = shutil.ignore_patterns("target", "logs", ".*", "__pycache__", "pictures")
            shutil.copytree(name, house / name, ignore=skipped)
        for name in self.files:
            shutil.copy2(name, house / name)


setup(cmdclass={"build_py": _WithHouse})
