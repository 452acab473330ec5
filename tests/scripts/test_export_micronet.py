# SPDX-License-Identifier: GPL-3.0-or-later
"""MicroNet's checkpoint becomes a module that repeats it; anything else is refused with a sentence."""

import json
import hashlib
import pathlib
import subprocess
import sys
import tempfile
import unittest

import torch
import torchvision

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"


def reference_model():
    """A ResNet50 as MicroNet publishes it, 1000 outputs, batch norm with statistics that matter."""
    torch.manual_seed(3)
    model = torchvision.models.resnet50(weights=None, num_classes=1000)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.05)
            module.running_var.uniform_(0.8, 1.2)
        if isinstance(module, torchvision.models.resnet.Bottleneck):
            torch.nn.init.constant_(module.bn3.weight, 0.2)
    return model.eval()


class ExportMicronet(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        torch.set_num_threads(1)
        cls.scratch = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.scratch.name)
        cls.model = reference_model()
        cls.weights = cls.model.state_dict()

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def export(self, state, *options):
        """Runs the script on a checkpoint holding `state`; returns the finished process and the output folder."""
        checkpoint = self.folder / "checkpoint.pth.tar"
        torch.save(state, checkpoint)
        out = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        command = [sys.executable, str(SCRIPTS / "export_micronet.py"), str(out), "--checkpoint", str(checkpoint)]
        return subprocess.run(command + list(options), capture_output=True, text=True), out

    def assert_refused(self, state, *words):
        done, out = self.export(state)
        self.assertNotEqual(done.returncode, 0)
        self.assertNotIn("Traceback", done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)
        self.assertEqual(list(out.iterdir()), [])

    def test_module_repeats_the_published_model(self):
        wrapped = {"epoch": 9, "state_dict": {"module." + key: value for key, value in self.weights.items()}}
        done, out = self.export(wrapped, "--input-px", "48")
        self.assertEqual(done.returncode, 0, done.stderr)
        path = out / "micronet-resnet50-v1.1.pt"
        card = json.loads(path.with_suffix(".json").read_text())
        self.assertEqual((card["kind"], card["input_px"], card["features"]), ("micronet", 48, 2048))
        self.assertEqual(card["mean"], [0.485, 0.456, 0.406])
        self.assertEqual(card["std"], [0.229, 0.224, 0.225])
        self.assertEqual(card["sha256"], hashlib.sha256(path.read_bytes()).hexdigest())
        self.assertIn(hashlib.sha256((self.folder / "checkpoint.pth.tar").read_bytes()).hexdigest(), card["provenance"])
        chips = torch.randn(3, 3, 48, 48, generator=torch.Generator().manual_seed(5))
        pooled = {}
        hook = self.model.avgpool.register_forward_hook(lambda _, __, y: pooled.update(y=y.flatten(1)))
        with torch.no_grad():
            self.model(chips)
            found = torch.jit.load(str(path)).float()(chips)
        hook.remove()
        agreement = torch.nn.functional.cosine_similarity(found, pooled["y"])
        self.assertGreater(agreement.min().item(), 0.9999)

    def test_missing_weight_is_refused_by_name(self):
        self.assert_refused({k: v for k, v in self.weights.items() if k != "layer3.2.conv2.weight"}, "layer3.2.conv2.weight")

    def test_unknown_weight_is_refused_by_name(self):
        self.assert_refused({**self.weights, "decoder.weight": torch.zeros(2)}, "decoder.weight")

    def test_wrong_shape_is_refused_with_both_shapes(self):
        self.assert_refused({**self.weights, "fc.weight": torch.zeros(10, 2048)}, "fc.weight", "(10, 2048)", "(1000, 2048)")

    def test_weights_that_are_not_finite_are_refused(self):
        self.assert_refused({**self.weights, "conv1.weight": torch.full((64, 3, 7, 7), float("nan"))}, "conv1.weight", "finite")

    def test_what_is_no_table_of_weights_is_refused(self):
        self.assert_refused([1, 2, 3], "table of weights")


if __name__ == "__main__":
    unittest.main()
