"""The engine's plugin, installed into a real distribution as an image's build does."""

import os
import shutil
import subprocess

import pytest
from built_node import built_node

from ltr_plugin.devnode.account import Account
from ltr_plugin.devnode.toolchain import find_jdk

pytestmark = [pytest.mark.live, pytest.mark.slow]

OTHER = """
name=opensearch-ltr
description=the stock plugin
version=3.6.0.0
opensearch.version={version}
java.version=21
classname=org.example.Plugin
"""
