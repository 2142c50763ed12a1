"""Makes models as people have them and asks nn-meter what it makes of each; nothing is downloaded, weights are random.

    python scripts/real-models/make.py torch RESULTS.jsonl [--only NAME] [--routes onnx,pt2]
    python scripts/real-models/make.py tensorflow RESULTS.jsonl

torch needs: torch torchvision timm transformers onnx onnxscript; tensorflow needs: tensorflow.
A line a model and route: what inspect.mjs says, and the MACs by the framework's own counter (torch.utils.flop_counter;
tf.compat.v1.profiler). Lines that are there already are not made again. Files are deleted at once.
"""
import argparse
import gc
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import traceback

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def inspect(path):
    run = subprocess.run(["node", str(HERE / "inspect.mjs"), str(path)], cwd=ROOT, capture_output=True, text=True, timeout=300)
    lines = run.stdout.strip().splitlines()
    return json.loads(lines[-1]) if lines else {"error": run.stderr[-300:] or f"exit {run.returncode}"}


def chosen(kinds, options):
    return [kind for kind in kinds if options.routes is None or kind in options.routes.split(",")]


class Results:
    def __init__(self, path):
        self.path = path
        self.done = set()
        if os.path.exists(path):
            for line in open(path):
                row = json.loads(line)
                self.done.add((row["model"], row["route"]))

    def add(self, category, model, route, expected, make):
        """make(folder) writes the model and returns its path."""
        if (model, route) in self.done:
            return
        folder = pathlib.Path(tempfile.mkdtemp())
        try:
            path = make(folder)
            size = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
            row = {"category": category, "model": model, "route": route, "expected": expected, "bytes": size, **inspect(path)}
        except Exception as error:  # the exporter's own failure, which is none of ours
            row = {"category": category, "model": model, "route": route, "notMade": f"{type(error).__name__}: {error}"[:200]}
            if os.environ.get("TRACE"):
                traceback.print_exc()
        finally:
            shutil.rmtree(folder)
        self.done.add((model, route))
        with open(self.path, "a") as file:
            file.write(json.dumps(row) + "\n")
        shown = row.get("error") or row.get("notMade") or f'{row["macs"] / 1e6:.0f} M of {(expected or 0) / 1e6:.0f} M MACs, {row["shapeless"]} shapeless, complete {row["complete"]}'
        print(f"{model:45} {route:12} {shown}", flush=True)


# --- PyTorch ---------------------------------------------------------------------------------------------------------

TIMM = """
convnext_atto convnextv2_atto convmixer_768_32 coatnet_pico_rw_224 cs3darknet_s cspresnet50 crossvit_9_240 coat_tiny
darknet53 davit_tiny deit_tiny_patch16_224 densenet121 dla34 dpn48b edgenext_xx_small efficientformer_l1
efficientformerv2_s0 efficientnet_b0 efficientnet_lite0 efficientvit_b0 efficientvit_m0 eva02_tiny_patch14_224
fastvit_t8 fbnetc_100 focalnet_tiny_srf gcvit_xxtiny gernet_s ghostnet_100 ghostnetv2_100 hardcorenas_a hgnet_tiny
hgnetv2_b0 hrnet_w18_small inception_next_atto inception_v4 lambda_resnet26t lcnet_050 levit_128s maxvit_pico_rw_256
mambaout_femto mixer_s32_224 mixnet_s mnasnet_100 mobilenetv1_100 mobilenetv3_large_100 mobilenetv4_conv_small
mobileone_s0 mobilevit_xxs mobilevitv2_050 mvitv2_tiny nest_tiny nf_regnet_b0 nfnet_l0 pit_ti_224 poolformer_s12 pvt_v2_b0
regnetx_002 regnety_002 regnetz_b16 repghostnet_050 repvgg_a0 repvit_m0_9 res2net50_26w_4s resmlp_12_224 resnest14d
resnet18d resnetv2_50 resnext26ts rexnet_100 sebotnet33ts_256 selecsls42b semnasnet_075 seresnet18 sequencer2d_s
shvit_s1 skresnet18 spnasnet_100 starnet_s1 swin_tiny_patch4_window7_224 swinv2_tiny_window8_256 tf_efficientnet_b0
tf_efficientnet_lite0 tf_efficientnetv2_b0 tf_mixnet_s tf_mobilenetv3_small_075 tiny_vit_5m_224 tinynet_e tresnet_m
twins_svt_small vgg11 visformer_tiny vit_tiny_patch16_224 volo_d1_224 vovnet39a wide_resnet50_2 xception41
xcit_nano_12_p16_224 caformer_s18
""".split()

TORCHVISION = """
alexnet convnext_tiny densenet121 efficientnet_b0 efficientnet_v2_s googlenet inception_v3 maxvit_t mnasnet0_5
mobilenet_v2 mobilenet_v3_small regnet_x_400mf resnet18 resnext50_32x4d shufflenet_v2_x0_5 squeezenet1_1 swin_t swin_v2_t
vgg11 vit_b_16
""".split()

SEGMENTATION = "deeplabv3_mobilenet_v3_large deeplabv3_resnet50 fcn_resnet50 lraspp_mobilenet_v3_large".split()

DETECTION = """
ssdlite320_mobilenet_v3_large ssd300_vgg16 retinanet_resnet50_fpn fcos_resnet50_fpn
fasterrcnn_mobilenet_v3_large_320_fpn fasterrcnn_resnet50_fpn maskrcnn_resnet50_fpn keypointrcnn_resnet50_fpn
""".split()


def torch_main(results, options):
    import torch

    torch.manual_seed(0)
    torch.set_grad_enabled(False)

    def routes(category, name, build, inputs, kinds=("onnx", "onnx-dynamo", "pt2")):
        if options.only and options.only != name:
            return
        kinds = chosen(kinds, options)
        if all((name, kind) in results.done for kind in kinds):
            return
        try:
            model = build().eval()
        except Exception as error:
            print(f"{name}: not built: {error}", flush=True)
            return
        expected = count_macs(model, inputs)
        for kind in kinds:
            results.add(category, name, kind, expected, lambda folder: export(model, inputs, kind, folder))
        del model
        gc.collect()

    def count_macs(model, inputs):
        from torch.utils.flop_counter import FlopCounterMode

        try:
            with FlopCounterMode(display=False) as counter:
                model(*inputs)
            return counter.get_total_flops() / 2
        except Exception:
            return None

    def export(model, inputs, kind, folder):
        if kind == "pt2":
            path = folder / "model.pt2"
            torch.export.save(torch.export.export(model, inputs), str(path))
            return path
        path = folder / "model.onnx"
        torch.onnx.export(model, inputs, str(path), dynamo=kind == "onnx-dynamo", opset_version=18)
        return path

    odd_torch(routes)
    encoders(routes)

    import torchvision.models as zoo

    image = lambda size: (torch.rand(1, 3, size, size),)
    for name in SEGMENTATION:
        routes("segmentation", name, lambda: getattr(zoo.segmentation, name)(weights=None, weights_backbone=None), image(256))
    for name in DETECTION:
        build = lambda: getattr(zoo.detection, name)(weights=None, weights_backbone=None)
        routes("detection", name, build, ([torch.rand(3, 320, 320)],))
    for name in TORCHVISION:
        size = 299 if name == "inception_v3" else 224
        arguments = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
        routes("torchvision", f"torchvision {name}", lambda: getattr(zoo, name)(weights=None, **arguments), image(size))

    import timm

    for name in TIMM:
        size = timm.create_model(name, pretrained=False).default_cfg["input_size"] if timm.is_model(name) else None
        if size is None:
            print(f"timm has no {name}", flush=True)
            continue
        routes("timm", name, lambda: timm.create_model(name, pretrained=False), (torch.rand(1, *size),))


def encoders(routes):
    import torch
    import transformers as t

    small = dict(hidden_size=128, num_hidden_layers=2, num_attention_heads=4, intermediate_size=256)
    words = (torch.randint(0, 100, (1, 32)),)
    pixels = (torch.rand(1, 3, 224, 224),)
    text = {
        "bert": lambda: t.BertModel(t.BertConfig(**small)),
        "roberta": lambda: t.RobertaModel(t.RobertaConfig(**small)),
        "distilbert": lambda: t.DistilBertModel(t.DistilBertConfig(dim=128, n_layers=2, n_heads=4, hidden_dim=256)),
        "albert": lambda: t.AlbertModel(t.AlbertConfig(**small, embedding_size=64)),
        "electra": lambda: t.ElectraModel(t.ElectraConfig(**small)),
        "mobilebert": lambda: t.MobileBertModel(t.MobileBertConfig(num_hidden_layers=2)),
        "deberta_v2": lambda: t.DebertaV2Model(t.DebertaV2Config(**small)),
        "t5_encoder": lambda: t.T5EncoderModel(t.T5Config(d_model=128, d_kv=32, d_ff=256, num_layers=2, num_heads=4)),
        "gpt2": lambda: t.GPT2Model(t.GPT2Config(n_embd=128, n_layer=2, n_head=4)),
        "xlnet": lambda: t.XLNetModel(t.XLNetConfig(d_model=128, n_layer=2, n_head=4, d_inner=256)),
        "modernbert": lambda: t.ModernBertModel(t.ModernBertConfig(**small)),
        "funnel": lambda: t.FunnelBaseModel(t.FunnelConfig(block_sizes=[1, 1], d_model=128, n_head=4, d_head=32, d_inner=256)),
    }
    vision = {
        "vit": lambda: t.ViTModel(t.ViTConfig(**small)),
        "deit": lambda: t.DeiTModel(t.DeiTConfig(**small)),
        "beit": lambda: t.BeitModel(t.BeitConfig(**small)),
        "dinov2": lambda: t.Dinov2Model(t.Dinov2Config(hidden_size=128, num_hidden_layers=2, num_attention_heads=4)),
        "swin": lambda: t.SwinModel(t.SwinConfig(embed_dim=48, depths=[1, 1], num_heads=[2, 4])),
        "clip_vision": lambda: t.CLIPVisionModel(t.CLIPVisionConfig(**small)),
        "siglip_vision": lambda: t.SiglipVisionModel(t.SiglipVisionConfig(**small)),
        "convnextv2": lambda: t.ConvNextV2Model(t.ConvNextV2Config(hidden_sizes=[32, 64, 128, 256], depths=[1, 1, 1, 1])),
        "mobilevit": lambda: t.MobileViTModel(t.MobileViTConfig()),
        "segformer": lambda: t.SegformerForSemanticSegmentation(t.SegformerConfig()),
        "poolformer": lambda: t.PoolFormerModel(t.PoolFormerConfig()),
        "resnet": lambda: t.ResNetModel(t.ResNetConfig(embedding_size=16, hidden_sizes=[32, 64, 128, 256], depths=[1, 1, 1, 1])),
        "regnet": lambda: t.RegNetModel(t.RegNetConfig()),
        "yolos": lambda: t.YolosModel(t.YolosConfig(**small, image_size=[224, 224])),
        "dpt": lambda: t.DPTForDepthEstimation(t.DPTConfig(**small, backbone_out_indices=[0, 0, 1, 1], is_hybrid=False)),
    }

    class First(torch.nn.Module):
        def __init__(self, model):
            super().__init__()
            self.model = model

        def forward(self, x):
            return self.model(x, return_dict=False)[0]

    for inputs, models, category in ((words, text, "text encoders"), (pixels, vision, "vision encoders")):
        for name, build in models.items():
            routes(category, f"transformers {name}", lambda: First(build()), inputs)


def odd_torch(routes):
    import torch
    from torch import nn
    from torch.nn import functional as F

    class Lambda(nn.Module):
        def __init__(self, forward, **modules):
            super().__init__()
            self.f = forward
            for name, module in modules.items():
                setattr(self, name, module)

        def forward(self, *x):
            return self.f(self, *x)

    sequence = (torch.rand(1, 20, 32),)
    image = (torch.rand(1, 3, 64, 64),)
    odd = {
        "lstm": (lambda: Lambda(lambda m, x: m.a(x)[0], a=nn.LSTM(32, 64, 2, batch_first=True)), sequence),
        "gru_bidirectional": (lambda: Lambda(lambda m, x: m.a(x)[0], a=nn.GRU(32, 64, bidirectional=True, batch_first=True)), sequence),
        "conv1d": (lambda: nn.Sequential(nn.Conv1d(20, 40, 5, groups=5), nn.ReLU(), nn.AdaptiveAvgPool1d(3)), sequence),
        "conv3d": (lambda: nn.Sequential(nn.Conv3d(3, 8, 3), nn.BatchNorm3d(8), nn.ReLU(), nn.MaxPool3d(2)), (torch.rand(1, 3, 8, 32, 32),)),
        "unet": (lambda: Lambda(lambda m, x: m.b(torch.cat([m.u(F.relu(m.d(x))), x], 1)), d=nn.Conv2d(3, 16, 2, 2), u=nn.ConvTranspose2d(16, 8, 2, 2), b=nn.Conv2d(11, 4, 3, padding=1)), image),
        "pixel_shuffle": (lambda: nn.Sequential(nn.Conv2d(3, 36, 3, padding=1), nn.PixelShuffle(3), nn.PReLU()), image),
        "einsum": (lambda: Lambda(lambda m, x: torch.einsum("bid,bjd->bij", m.a(x), m.b(x)).softmax(-1), a=nn.Linear(32, 64), b=nn.Linear(32, 64)), sequence),
        "transformer_encoder": (lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(32, 4, 64, batch_first=True), 2), sequence),
        "interpolate": (lambda: Lambda(lambda m, x: F.interpolate(m.a(x), scale_factor=2, mode="bilinear"), a=nn.Conv2d(3, 8, 3)), image),
        "grid_sample": (lambda: Lambda(lambda m, x: F.grid_sample(x, m.a(x).tanh().permute(0, 2, 3, 1)), a=nn.Conv2d(3, 2, 3, padding=1)), image),
        "group_norm_silu": (lambda: nn.Sequential(nn.Conv2d(3, 32, 3), nn.GroupNorm(4, 32), nn.SiLU(), nn.InstanceNorm2d(32), nn.Mish()), image),
        "nonzero": (lambda: Lambda(lambda m, x: m.b(torch.nonzero(m.a(x)[0, 0] > 0).float()), a=nn.Conv2d(3, 1, 3), b=nn.Linear(2, 8)), image),
        "topk_gather": (lambda: Lambda(lambda m, x: torch.gather(m.a(x), 1, m.a(x).topk(5, 1).indices), a=nn.Linear(32, 16)), sequence),
        "rms_norm": (lambda: Lambda(lambda m, x: m.a(x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)), a=nn.Linear(32, 64)), sequence),
        "deform_free_fft": (lambda: Lambda(lambda m, x: m.a(torch.fft.rfft(x).abs()), a=nn.Linear(17, 8)), sequence),
    }
    for name, (build, inputs) in odd.items():
        routes("odd graphs", f"torch {name}", build, inputs)


# --- TensorFlow ------------------------------------------------------------------------------------------------------

KERAS = """
ConvNeXtTiny DenseNet121 DenseNet169 EfficientNetB0 EfficientNetB3 EfficientNetV2B0 EfficientNetV2S InceptionResNetV2
InceptionV3 MobileNet MobileNetV2 MobileNetV3Large MobileNetV3Small NASNetMobile ResNet50 ResNet50V2 ResNet101 VGG16 VGG19
Xception
""".split()


def tensorflow_main(results, options):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    def routes(category, name, build, kinds=("pb", "saved_model", "tflite", "tflite-fp16", "tflite-dynamic")):
        if options.only and options.only != name:
            return
        kinds = chosen(kinds, options)
        if all((name, kind) in results.done for kind in kinds):
            return
        tf.keras.backend.clear_session()
        module, signature = build()
        function = tf.function(module, input_signature=signature).get_concrete_function()
        frozen = convert_variables_to_constants_v2(function)
        expected = count_macs(frozen.graph)
        for kind in kinds:
            results.add(category, name, kind, expected, lambda folder: export(module, signature, function, frozen, kind, folder))
        gc.collect()

    def count_macs(graph):
        options_ = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
        options_["output"] = "none"
        total = 0
        with graph.as_default():
            profile = tf.compat.v1.profiler.profile(graph, cmd="op", options=options_)
        for child in profile.children:
            if child.name in ("Conv2D", "DepthwiseConv2dNative", "MatMul", "BatchMatMulV2", "Conv2DBackpropInput", "Einsum"):
                total += child.total_float_ops
        return total / 2

    def export(module, signature, function, frozen, kind, folder):
        if kind == "pb":
            tf.io.write_graph(frozen.graph.as_graph_def(), str(folder), "model.pb", as_text=False)
            return folder / "model.pb"
        if kind == "saved_model":
            holder = tf.Module()
            holder.model = module
            holder.f = tf.function(module, input_signature=signature)
            tf.saved_model.save(holder, str(folder / "saved"), signatures=holder.f.get_concrete_function())
            return folder / "saved"
        converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen])
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
        if kind != "tflite":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if kind == "tflite-fp16":
            converter.target_spec.supported_types = [tf.float16]
        path = folder / "model.tflite"
        path.write_bytes(converter.convert())
        return path

    image = lambda size: [tf.TensorSpec((1, size, size, 3), tf.float32)]
    sizes = {"InceptionV3": 299, "InceptionResNetV2": 299, "Xception": 299}
    for name in KERAS:
        build = lambda: (getattr(tf.keras.applications, name)(weights=None), image(sizes.get(name, 300 if name == "EfficientNetB3" else 384 if name == "EfficientNetV2S" else 224)))
        routes("keras.applications", f"keras {name}", build)

    layers = tf.keras.layers

    def sequential(shape, *parts):
        return lambda: (tf.keras.Sequential([layers.Input(shape, batch_size=1), *[part() for part in parts]]), [tf.TensorSpec((1, *shape), tf.float32)])

    def function(shape, body):
        def build():
            return body, [tf.TensorSpec((1, *shape), tf.float32)]

        return build

    weights = tf.random.stateless_uniform((64, 16), (1, 2))
    odd = {
        "lstm": sequential((20, 32), lambda: layers.LSTM(64, return_sequences=True), lambda: layers.LSTM(32)),
        "gru_bidirectional": sequential((20, 32), lambda: layers.Bidirectional(layers.GRU(48))),
        "conv_lstm": sequential((4, 16, 16, 3), lambda: layers.ConvLSTM2D(8, 3)),
        "conv1d": sequential((100, 8), lambda: layers.Conv1D(16, 5, activation="relu"), layers.GlobalMaxPooling1D, lambda: layers.Dense(4)),
        "conv3d": sequential((8, 32, 32, 3), lambda: layers.Conv3D(8, 3), layers.BatchNormalization, layers.ReLU),
        "unet": sequential((64, 64, 3), lambda: layers.Conv2D(16, 3, 2, "same"), lambda: layers.Conv2DTranspose(8, 3, 2, "same"), layers.PReLU),
        "separable_silu": sequential((64, 64, 3), lambda: layers.SeparableConv2D(16, 3, activation="silu"), lambda: layers.GroupNormalization(4), layers.LayerNormalization),
        "attention": sequential((16, 64), lambda: SelfAttention(layers)),
        "stft": function((4000,), lambda x: tf.abs(tf.signal.stft(x, 256, 128))),
        "mel": function((4000,), lambda x: tf.matmul(tf.abs(tf.signal.stft(x, 126, 64)), weights)),
        "nms": function((100, 4), lambda x: tf.gather(x[0], tf.image.non_max_suppression(x[0], x[0, :, 0], 20))),
        "while": function((64,), lambda x: tf.while_loop(lambda i, y: i < 10, lambda i, y: (i + 1, tf.matmul(tf.matmul(y, weights), weights, transpose_b=True)), (0, x))[1]),
        "where": function((64,), lambda x: tf.matmul(tf.cast(tf.where(x > 0.5), tf.float32), tf.ones((2, 8)))),
        "resize": function((32, 32, 3), lambda x: tf.image.resize(x, (64, 48)) / 255.0),
        "top_k": function((100,), lambda x: tf.math.top_k(tf.matmul(x[:, :64], weights), 5).values),
        "band_part": function((64, 64), lambda x: tf.linalg.band_part(x, 0, -1) @ x),
        "patches": function((32, 32, 3), lambda x: tf.image.extract_patches(x, [1, 4, 4, 1], [1, 4, 4, 1], [1, 1, 1, 1], "VALID")),
    }
    for name, build in odd.items():
        routes("odd graphs", f"tf {name}", build, ("pb", "saved_model", "tflite"))


def SelfAttention(layers):
    import tensorflow as tf

    class Block(layers.Layer):
        def __init__(self):
            super().__init__()
            self.a = layers.MultiHeadAttention(4, 16)
            self.n = layers.LayerNormalization()
            self.d = layers.Dense(64, activation="gelu")

        def call(self, x):
            return self.d(self.n(x + self.a(x, x)))

    return Block()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("framework", choices=("torch", "tensorflow"))
    parser.add_argument("results")
    parser.add_argument("--only", help="one model by name")
    parser.add_argument("--routes", help="comma-separated; default: all")
    arguments = parser.parse_args()
    table = Results(arguments.results)
    (torch_main if arguments.framework == "torch" else tensorflow_main)(table, arguments)
    sys.exit(0)
