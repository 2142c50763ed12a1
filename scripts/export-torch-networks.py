"""
Exports networks of torchvision and timm, with random weights, as .pt2 (as exported, and as core aten) and as ONNX (by both
exporters), and keeps of each file what is read: weights are left out, so that the whole corpus takes some 100 MB.

    python scripts/export-torch-networks.py CORPUS [NAME ...]      needs torch, torchvision, timm, onnx, onnxscript

What is there already is left alone; what a name cannot be exported to is written to CORPUS/failures.txt.
"""

import json
import os
import re
import sys
import tempfile
import warnings
import zipfile

import onnx
import torch

# Weights are never looked at: whatever is in memory will do, and takes no time.
for initializer in ("trunc_normal_", "normal_", "uniform_", "kaiming_normal_", "kaiming_uniform_", "xavier_uniform_", "xavier_normal_"):
    setattr(torch.nn.init, initializer, lambda tensor, *_, **__: tensor)

import timm
import torchvision

warnings.filterwarnings("ignore")

TIMM = """
beit_base_patch16_224 cait_xxs24_224 coat_lite_tiny coatnet_0_rw_224 convit_tiny convmixer_768_32 convnext_tiny convnextv2_atto
crossvit_tiny_240 cspdarknet53 cspresnet50 darknet53 deit3_small_patch16_224 densenet121 dla34 dpn68 eca_nfnet_l0 edgenext_xx_small
efficientformer_l1 efficientformerv2_s0 efficientnet_b0 efficientnet_lite0 efficientvit_b0 fastvit_t8 fbnetc_100 gcresnet50t
ghostnet_100 ghostnetv2_100 gmlp_s16_224 halonet26t hardcorenas_a hrnet_w18_small inception_next_tiny inception_v4
lcnet_050 levit_128s maxvit_nano_rw_256 mixer_s16_224 mixnet_s mnasnet_100 mobilenetv2_050 mobilenetv3_large_100
mobilenetv4_conv_small mobileone_s0 mobilevit_xxs mobilevitv2_050 mvitv2_tiny nest_tiny nfnet_l0 pit_ti_224 poolformer_s12
pvt_v2_b0 regnetx_002 regnety_002 repghostnet_050 repvgg_a0 res2net50_26w_4s resmlp_12_224 resnest14d resnetv2_50 rexnet_100
seresnet50 shvit_s1 skresnet18 spnasnet_100 swin_tiny_patch4_window7_224 swinv2_cr_tiny_224 tf_efficientnetv2_b0 tiny_vit_5m_224
tinynet_a twins_pcpvt_small vgg11 visformer_tiny vit_small_patch16_224 volo_d1_224 xcit_nano_12_p16_224 xception41
""".split()


LARGE = re.compile(r"_h_|_l_|_l$|large|_16gf|_32gf|_128gf|_b[4-7]$|wide|152|101|64x4d")


def names():
    found = ["timm:" + name for name in TIMM]
    for kind in (torchvision.models, torchvision.models.segmentation, torchvision.models.detection):
        found += ["torchvision:" + name for name in torchvision.models.list_models(module=kind)]
    return sorted(found, key=lambda name: (LARGE.search(name) is not None, found.index(name)))


class TensorsOnly(torch.nn.Module):
    """Detection networks return a list of dictionaries, segmentation an ordered dictionary."""

    def __init__(self, inner, detection):
        super().__init__()
        self.inner, self.detection = inner, detection

    def forward(self, x):
        if self.detection:
            return tuple(self.inner([x[0]])[0].values())
        found = self.inner(x)
        return tuple(found.values()) if isinstance(found, dict) else found


def build(name):
    library, model = name.split(":")
    if library == "timm":
        network = timm.create_model(model, pretrained=False)
        side = network.default_cfg.get("input_size", (3, 224, 224))
        return network.eval(), torch.zeros(1, *side)
    module = torchvision.models.get_model_builder(model).__module__
    detection, segmentation = "detection" in module, "segmentation" in module
    options = {"weights": None}
    if detection or segmentation:
        options["weights_backbone"] = None
    if model in ("googlenet", "inception_v3"):
        options["init_weights"] = False
    network = torchvision.models.get_model(model, **options)
    side = {"inception_v3": 299, "vit_h_14": 224}.get(model, 320 if detection else 224)
    if detection or segmentation:
        network = TensorsOnly(network, detection)
    return network.eval(), torch.zeros(1, 3, side, side)


def without_weights(source, target):
    """A .pt2 whose programs lack the stack traces, and whose weights are empty."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            data = b""
            if entry.filename.endswith(".json") and entry.file_size < 2**28:
                data = old.read(entry)
            if entry.filename.endswith("models/model.json"):
                program = json.loads(data)
                for node in program["graph_module"]["graph"]["nodes"]:
                    node["metadata"] = {k: v for k, v in node["metadata"].items() if k == "nn_module_stack"}
                data = json.dumps(program, separators=(",", ":")).encode()
            elif entry.file_size < 64:
                data = old.read(entry)
            new.writestr(entry.filename, data)


def onnx_without_weights(source, target):
    """Large initializers become references to a file that is not there."""
    model = onnx.load(source, load_external_data=False)
    for tensor in model.graph.initializer:
        if len(tensor.raw_data) > 1024:
            tensor.ClearField("raw_data")
            tensor.data_location = onnx.TensorProto.EXTERNAL
            tensor.external_data.add(key="location", value="weights.bin")
    onnx.save(model, target)


def export(name, folder):
    stem = os.path.join(folder, name.replace(":", "-"))
    wanted = {kind: f"{stem}.{kind}" for kind in ("pt2", "core.pt2", "dynamo.onnx", "legacy.onnx")}
    if all(os.path.exists(path) for path in wanted.values()):
        return
    network, example = build(name)
    with tempfile.TemporaryDirectory() as scratch, torch.no_grad():
        raw = os.path.join(scratch, "raw")

        def attempt(kind, make, strip):
            if os.path.exists(wanted[kind]):
                return
            try:
                make()
                strip(raw, wanted[kind])
            except Exception as error:
                with open(os.path.join(folder, "failures.txt"), "a") as log:
                    log.write(f"{name} {kind}: {str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error)}\n")
            for left in os.listdir(scratch):
                os.remove(os.path.join(scratch, left))

        def save(program):
            torch.export.save(program, raw + ".pt2")
            os.rename(raw + ".pt2", raw)

        program = torch.export.export(network, (example,))
        attempt("pt2", lambda: save(program), without_weights)
        attempt("core.pt2", lambda: save(program.run_decompositions()), without_weights)
        attempt("dynamo.onnx", lambda: torch.onnx.export(program, (), raw, dynamo=True, external_data=True, verbose=False), onnx_without_weights)
        attempt("legacy.onnx", lambda: torch.onnx.export(network, (example,), raw, dynamo=False, opset_version=17), onnx_without_weights)


if __name__ == "__main__":
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    for name in sys.argv[2:] or names():
        try:
            export(name, folder)
            print("done", name, flush=True)
        except Exception as error:
            print("failed", name, str(error)[:300], flush=True)
            with open(os.path.join(folder, "failures.txt"), "a") as log:
                log.write(f"{name}: {str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error)}\n")
