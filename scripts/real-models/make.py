"""Makes models as people have them, in every format their framework writes; nothing is downloaded, weights are made up.

    python scripts/real-models/make.py torch CORPUS [--only MODEL|CATEGORY] [--routes onnx,pt2]
    python scripts/real-models/make.py tensorflow CORPUS
    node scripts/real-models/inspect.mjs CORPUS > RESULTS.jsonl
    node scripts/real-models/table.mjs RESULTS.jsonl

torch needs: torch torchvision timm transformers onnx onnxscript; tensorflow needs: tensorflow.
CORPUS gets the files and a manifest, a line a model and route: category, model, route, file, and the MACs by the framework's own
counter (torch.utils.flop_counter; tf.compat.v1.profiler). Lines that are there already are not made again.
Weights are random, as those of new models are not: a normalisation that shifts by 0 is no longer one behind some exporters. Of large
ones only the first element is not 0, so that file systems with holes store next to nothing of them.
"""
import argparse
import gc
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import traceback

LARGE = 16384


def chosen(kinds, options):
    return [kind for kind in kinds if options.routes is None or kind in options.routes.split(",")]


class Corpus:
    def __init__(self, folder, framework):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.manifest = self.folder / f"{framework}.manifest.jsonl"
        self.done = set()
        if self.manifest.exists():
            for line in self.manifest.open():
                row = json.loads(line)
                self.done.add((row["model"], row["route"]))

    def add(self, category, model, route, expected, make):
        """make(folder) writes the model and returns its path."""
        if (model, route) in self.done:
            return
        folder = self.folder / re.sub(r"[^\w.-]", "_", f"{model}.{route}")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        row = {"category": category, "model": model, "route": route}
        try:
            path = make(folder)
            files = [file for file in folder.rglob("*") if file.is_file()]
            row |= {"file": str(path.relative_to(self.folder)), "bytes": sum(file.stat().st_size for file in files), "expected": expected}
            if shutil.which("fallocate"):
                for file in files:
                    subprocess.run(["fallocate", "--dig-holes", str(file)], check=False)
        except Exception as error:  # the exporter's own failure, which is none of ours
            row["notMade"] = f"{type(error).__name__}: {error}"[:200]
            shutil.rmtree(folder)
            if os.environ.get("TRACE"):
                traceback.print_exc()
        self.done.add((model, route))
        with self.manifest.open("a") as file:
            file.write(json.dumps(row) + "\n")
        print(f"{model:45} {route:12} {row.get('notMade', 'made')}", flush=True)


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
alexnet convnext_tiny densenet121 densenet169 efficientnet_b0 efficientnet_b1 efficientnet_b2 efficientnet_b3 efficientnet_v2_s
googlenet inception_v3 maxvit_t mnasnet0_5 mnasnet1_0 mobilenet_v2 mobilenet_v3_large mobilenet_v3_small regnet_x_400mf
regnet_x_800mf regnet_y_400mf regnet_y_800mf resnet18 resnet34 resnet50 resnext50_32x4d shufflenet_v2_x0_5 shufflenet_v2_x1_0
squeezenet1_0 squeezenet1_1 swin_t swin_v2_t vgg11 vgg16_bn vit_b_16 wide_resnet50_2
""".split()

SEGMENTATION = "deeplabv3_mobilenet_v3_large deeplabv3_resnet50 fcn_resnet50 lraspp_mobilenet_v3_large".split()

DETECTION = """
ssdlite320_mobilenet_v3_large ssd300_vgg16 retinanet_resnet50_fpn fcos_resnet50_fpn
fasterrcnn_mobilenet_v3_large_320_fpn fasterrcnn_resnet50_fpn maskrcnn_resnet50_fpn keypointrcnn_resnet50_fpn
""".split()


def torch_main(corpus, options):
    import torch

    torch.manual_seed(0)
    torch.set_grad_enabled(False)

    def routes(category, name, build, inputs, kinds=("onnx", "onnx-dynamo", "pt2")):
        if options.only and options.only not in (name, category):
            return
        kinds = chosen(kinds, options)
        if all((name, kind) in corpus.done for kind in kinds):
            return
        try:
            model = build().eval()
        except Exception as error:
            print(f"{name}: not built: {error}", flush=True)
            return
        if category != "detection":  # which finds nothing, and exports nothing behind it, with empty weights
            fill(model)
        expected = count_macs(model, inputs)
        for kind in kinds:
            corpus.add(category, name, kind, expected, lambda folder: export(model, inputs, kind, folder))
        del model
        gc.collect()

    def fill(model):
        for weight in [*model.parameters(), *model.buffers()]:
            if not weight.is_floating_point():
                continue
            if weight.numel() <= LARGE:
                weight.uniform_(0.5, 1.5)
            else:
                weight.zero_()[(0,) * weight.dim()] = torch.rand(())

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

    import torchvision.models as zoo

    image = lambda size: (torch.rand(1, 3, size, size),)
    for name in TORCHVISION:
        size = 299 if name == "inception_v3" else 224
        arguments = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
        routes("torchvision", f"torchvision {name}", lambda: getattr(zoo, name)(weights=None, **arguments), image(size))
    odd_torch(routes)
    encoders(routes)
    for name in SEGMENTATION:
        routes("segmentation", name, lambda: getattr(zoo.segmentation, name)(weights=None, weights_backbone=None), image(256))

    import timm

    for name in TIMM:
        size = timm.create_model(name, pretrained=False).default_cfg["input_size"] if timm.is_model(name) else None
        if size is None:
            print(f"timm has no {name}", flush=True)
            continue
        routes("timm", name, lambda: timm.create_model(name, pretrained=False), (torch.rand(1, *size),), ("onnx", "pt2"))
    for name in DETECTION:
        build = lambda: getattr(zoo.detection, name)(weights=None, weights_backbone=None)
        routes("detection", name, build, ([torch.rand(3, 320, 320)],), ("onnx", "pt2"))


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
        "dpt": lambda: t.DPTForDepthEstimation(t.DPTConfig(**{**small, "num_hidden_layers": 4}, backbone_out_indices=[0, 1, 2, 3], is_hybrid=False)),
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
    import torchvision.ops as boxes

    tokens = (torch.randint(0, 50, (1, 20)),)
    more = {
        "rnn": (lambda: Lambda(lambda m, x: m.a(x)[0], a=nn.RNN(32, 64, batch_first=True)), sequence),
        "lstm_projected": (lambda: Lambda(lambda m, x: m.a(x)[0], a=nn.LSTM(32, 64, proj_size=16, batch_first=True)), sequence),
        "gru_cell_loop": (lambda: Lambda(lambda m, x: gru_steps(m.a, x), a=nn.GRUCell(32, 24)), sequence),
        "conv1d_dilated": (lambda: nn.Sequential(nn.Conv1d(20, 40, 3, dilation=2), nn.ReLU(), nn.ConvTranspose1d(40, 8, 4, 2)), sequence),
        "conv3d_transposed": (lambda: nn.Sequential(nn.Conv3d(3, 8, 3, 2), nn.ReLU(), nn.ConvTranspose3d(8, 4, 2, 2)), (torch.rand(1, 3, 8, 32, 32),)),
        "conv2d_dilated": (lambda: nn.Sequential(nn.Conv2d(3, 16, 3, padding=2, dilation=2), nn.BatchNorm2d(16), nn.ReLU(), nn.Conv2d(16, 16, 3, padding=4, dilation=4, groups=16)), image),
        "explicit_pad": (lambda: nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(3, 16, 3, 2), nn.ReflectionPad2d(1), nn.MaxPool2d(3, 2)), image),
        "embedding": (lambda: nn.Sequential(nn.Embedding(50, 32), nn.Linear(32, 16), nn.GELU()), tokens),
        "embedding_bag": (lambda: nn.Sequential(nn.EmbeddingBag(50, 32), nn.Linear(32, 16)), tokens),
        "multihead_attention": (lambda: Lambda(lambda m, x: m.a(x, x, x, need_weights=False)[0], a=nn.MultiheadAttention(32, 4, batch_first=True)), sequence),
        "causal_attention": (lambda: Lambda(lambda m, x: F.scaled_dot_product_attention(m.a(x), m.b(x), m.c(x), is_causal=True), a=nn.Linear(32, 64), b=nn.Linear(32, 64), c=nn.Linear(32, 64)), sequence),
        "masked_softmax": (lambda: Lambda(lambda m, x: (m.a(x) @ x.mT).masked_fill(torch.ones(20, 20).tril() == 0, -1e9).softmax(-1), a=nn.Linear(32, 32)), sequence),
        "glu_layer_norm": (lambda: nn.Sequential(nn.Linear(32, 64), nn.GLU(), nn.LayerNorm(32), nn.Tanh()), sequence),
        "tanh_gelu": (lambda: nn.Sequential(nn.Linear(32, 64), nn.GELU(approximate="tanh"), nn.Linear(64, 32), nn.Softplus()), sequence),
        "squeeze_excite": (lambda: Lambda(lambda m, x: (lambda y: y * m.b(F.relu(m.a(y.mean((2, 3), keepdim=True)))).sigmoid())(m.c(x)), c=nn.Conv2d(3, 16, 3), a=nn.Conv2d(16, 4, 1), b=nn.Conv2d(4, 16, 1)), image),
        "nms": (lambda: Lambda(lambda m, x: boxes.nms(m.a(x)[0], x[0, :, 0], 0.5), a=nn.Linear(32, 4)), sequence),
        "roi_align": (lambda: Lambda(lambda m, x: m.b(boxes.roi_align(m.a(x), [torch.tensor([[1.0, 1.0, 30.0, 30.0], [4.0, 4.0, 20.0, 40.0]])], 7)), a=nn.Conv2d(3, 8, 3), b=nn.Conv2d(8, 8, 3)), image),
        "unfold": (lambda: Lambda(lambda m, x: m.a(F.unfold(x, 4, stride=4).mT), a=nn.Linear(48, 32)), image),
        "roll_window": (lambda: Lambda(lambda m, x: m.a(torch.roll(x, (2, 2), (2, 3)).unflatten(2, (8, 8)).transpose(1, -1)), a=nn.Linear(3, 8)), image),
        "cumsum_argmax": (lambda: Lambda(lambda m, x: m.a(x).cumsum(1).argmax(-1), a=nn.Linear(32, 8)), sequence),
        "bilinear": (lambda: Lambda(lambda m, x: m.a(x, x), a=nn.Bilinear(32, 32, 8)), sequence),
        "cosine": (lambda: Lambda(lambda m, x: F.normalize(m.a(x), dim=-1) @ F.normalize(x, dim=-1).mT, a=nn.Linear(32, 32)), sequence),
        "weight_norm": (lambda: nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 8, 3)), nn.ELU(), nn.Hardswish()), image),
        "local_response_norm": (lambda: nn.Sequential(nn.Conv2d(3, 16, 5), nn.LocalResponseNorm(5), nn.Upsample(scale_factor=2, mode="bicubic")), image),
        "fake_quantised": (lambda: Lambda(lambda m, x: torch.fake_quantize_per_tensor_affine(m.a(torch.fake_quantize_per_tensor_affine(x, 0.1, 0, -128, 127)), 0.1, 0, -128, 127), a=nn.Conv2d(3, 16, 3)), image),
        "scatter": (lambda: Lambda(lambda m, x: torch.zeros(1, 20, 32).scatter(1, m.a(x).abs().long().clamp(0, 19), x), a=nn.Linear(32, 32)), sequence),
        "channel_shuffle": (lambda: nn.Sequential(nn.Conv2d(3, 16, 1), nn.ChannelShuffle(4), nn.Conv2d(16, 16, 3, groups=16), nn.AdaptiveAvgPool2d(7)), image),
        "split_concat": (lambda: Lambda(lambda m, x: torch.cat([F.relu(each) for each in m.a(x).chunk(3, 1)][::-1], 1), a=nn.Conv2d(3, 24, 3)), image),
    }

    def gru_steps(cell, x):
        state = torch.zeros(1, 24)
        for step in x.unbind(1):
            state = cell(step, state)
        return state

    for name, (build, inputs) in (odd | more).items():
        routes("odd graphs", f"torch {name}", build, inputs)


# --- TensorFlow ------------------------------------------------------------------------------------------------------

KERAS = """
ConvNeXtTiny DenseNet121 DenseNet169 EfficientNetB0 EfficientNetB3 EfficientNetV2B0 EfficientNetV2S InceptionResNetV2
InceptionV3 MobileNet MobileNetV2 MobileNetV3Large MobileNetV3Small NASNetMobile ResNet50 ResNet50V2 ResNet101 VGG16 VGG19
Xception
""".split()


def tensorflow_main(corpus, options):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import numpy as np
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    def routes(category, name, build, kinds=("pb", "saved_model", "tflite", "tflite-fp16", "tflite-dynamic", "tflite-int8")):
        if options.only and options.only not in (name, category):
            return
        kinds = chosen(kinds, options)
        if all((name, kind) in corpus.done for kind in kinds):
            return
        tf.keras.backend.clear_session()
        try:
            module, signature = build()
            function = tf.function(module, input_signature=signature).get_concrete_function()
        except Exception as error:
            print(f"{name}: not built: {error}"[:200], flush=True)
            return
        for weight in getattr(module, "weights", []):
            if weight.dtype != "float32":
                continue
            value = np.random.uniform(0.5, 1.5, weight.shape).astype(np.float32)
            if value.size > LARGE:
                value.flat[1:] = 0
            weight.assign(value)
        frozen = convert_variables_to_constants_v2(function)
        expected = count_macs(frozen.graph)
        for kind in kinds:
            corpus.add(category, name, kind, expected, lambda folder: export(module, signature, function, frozen, kind, folder))
        gc.collect()

    def count_macs(graph):
        options_ = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
        options_["output"] = "none"
        with graph.as_default():
            profile = tf.compat.v1.profiler.profile(graph, cmd="op", options=options_)
        products = ("Conv2D", "DepthwiseConv2dNative", "MatMul", "BatchMatMulV2", "Conv2DBackpropInput", "Einsum")
        total = 0
        nodes = [profile]
        while nodes:
            node = nodes.pop()
            nodes.extend(node.children)
            total += node.float_ops if node.name in products else 0
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
        if kind == "tflite-int8":
            sample = [np.random.rand(*each.shape).astype(each.dtype.as_numpy_dtype) for each in signature]
            converter.representative_dataset = lambda: [sample]
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8, tf.lite.OpsSet.SELECT_TF_OPS]
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
        "mel": function((4000,), lambda x: tf.matmul(tf.abs(tf.signal.stft(x, 126, 64))[..., :64], weights)),
        "nms": function((100, 4), lambda x: tf.gather(x[0], tf.image.non_max_suppression(x[0], x[0, :, 0], 20))),
        "while": function((64,), lambda x: tf.while_loop(lambda i, y: i < 10, lambda i, y: (i + 1, tf.matmul(tf.matmul(y, weights), weights, transpose_b=True)), (0, x))[1]),
        "where": function((64,), lambda x: tf.matmul(tf.cast(tf.where(x > 0.5), tf.float32), tf.ones((2, 8)))),
        "resize": function((32, 32, 3), lambda x: tf.image.resize(x, (64, 48)) / 255.0),
        "top_k": function((100,), lambda x: tf.math.top_k(tf.matmul(x[:, :64], weights), 5).values),
        "band_part": function((64, 64), lambda x: tf.linalg.band_part(x, 0, -1) @ x),
        "patches": function((32, 32, 3), lambda x: tf.image.extract_patches(x, [1, 4, 4, 1], [1, 4, 4, 1], [1, 1, 1, 1], "VALID")),
    }
    one_hot = tf.eye(16)
    filters = tf.random.stateless_uniform((3, 3, 3, 16), (1, 2))
    more = {
        "simple_rnn": sequential((20, 32), lambda: layers.SimpleRNN(16, return_sequences=True), lambda: layers.TimeDistributed(layers.Dense(8))),
        "gru_unrolled": sequential((6, 16), lambda: layers.GRU(16, unroll=True)),
        "embedding": sequential((24,), lambda: layers.Embedding(100, 32), layers.GlobalAveragePooling1D, lambda: layers.Dense(8, "softmax")),
        "conv1d_transposed": sequential((50, 8), lambda: layers.Conv1D(16, 3, dilation_rate=2), lambda: layers.Conv1DTranspose(8, 4, 2)),
        "conv3d_transposed": sequential((4, 16, 16, 3), lambda: layers.Conv3D(8, 3, padding="same"), lambda: layers.Conv3DTranspose(4, 2, 2)),
        "conv2d_dilated": sequential((64, 64, 3), lambda: layers.Conv2D(16, 3, dilation_rate=2, padding="same"), layers.BatchNormalization, layers.ReLU, lambda: layers.DepthwiseConv2D(3, dilation_rate=4, padding="same")),
        "space_to_batch": function((64, 64, 3), lambda x: tf.batch_to_space(tf.nn.conv2d(tf.space_to_batch(x, [2, 2], [[2, 2], [2, 2]]), filters, 1, "VALID"), [2, 2], [[0, 0], [0, 0]])),
        "explicit_pad": sequential((64, 64, 3), lambda: layers.ZeroPadding2D(((0, 1), (0, 1))), lambda: layers.Conv2D(16, 3, 2, "valid"), lambda: layers.ZeroPadding2D(1), lambda: layers.MaxPooling2D(3, 2), lambda: layers.ZeroPadding2D(1), lambda: layers.DepthwiseConv2D(3)),
        "group_conv": sequential((32, 32, 16), lambda: layers.Conv2D(32, 3, groups=4), lambda: layers.ELU(), lambda: layers.AveragePooling2D(2)),
        "causal_attention": sequential((16, 64), lambda: CausalAttention(layers)),
        "additive_attention": function((16, 64), lambda x: tf.keras.layers.AdditiveAttention(use_scale=False)([x, x])),
        "einsum": function((16, 64), lambda x: tf.einsum("btd,bsd->bts", tf.einsum("btd,de->bte", x, weights), tf.einsum("btd,de->bte", x, weights))),
        "combined_nms": function((100, 4), lambda x: tf.image.combined_non_max_suppression(x[:, :, None], x[:, :, :2], 10, 20)[0]),
        "crop_and_resize": function((32, 32, 3), lambda x: tf.image.crop_and_resize(x, [[0.1, 0.1, 0.8, 0.9], [0.0, 0.2, 0.5, 0.5]], [0, 0], (7, 7))),
        "bicubic": function((32, 32, 3), lambda x: tf.image.resize(x, (48, 48), "bicubic")),
        "gather_nd": function((16, 16), lambda x: tf.gather_nd(x, [[[0, 1], [0, 2]]])),
        "scatter_nd": function((16,), lambda x: tf.scatter_nd([[3], [5]], tf.concat([x, x], 0), (8, 16))),
        "segment_sum": function((16,), lambda x: tf.math.unsorted_segment_sum(x, tf.constant([0]), 4)),
        "one_hot": function((8,), lambda x: tf.matmul(tf.one_hot(tf.cast(x, tf.int32), 16), one_hot)),
        "boolean_mask": function((64,), lambda x: tf.matmul(tf.boolean_mask(tf.transpose(x), x[0] > 0.5), tf.ones((1, 8)))),
        "unique": function((64,), lambda x: tf.unique(tf.cast(x[0] * 10, tf.int32))[0]),
        "cond": function((64,), lambda x: tf.cond(tf.reduce_sum(x) > 0, lambda: tf.matmul(x, weights), lambda: tf.matmul(x * 2, weights))),
        "cumsum_argmax": function((16, 16), lambda x: tf.argmax(tf.cumsum(x, 1), -1)),
        "local_response_norm": function((32, 32, 8), lambda x: tf.nn.local_response_normalization(tf.nn.relu6(x))),
        "silu_spelled": sequential((32, 32, 3), lambda: layers.Conv2D(16, 3), lambda: layers.Lambda(lambda x: x * tf.sigmoid(x)), lambda: layers.Lambda(lambda x: x * tf.nn.relu6(x + 3) / 6)),
        "squeeze_excite": sequential((32, 32, 16), lambda: SqueezeExcite(layers)),
    }
    for name, build in (odd | more).items():
        routes("odd graphs", f"tf {name}", build, ("pb", "saved_model", "tflite", "tflite-dynamic"))


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


def CausalAttention(layers):
    class Block(layers.Layer):
        def __init__(self):
            super().__init__()
            self.a = layers.MultiHeadAttention(4, 16)
            self.n = layers.LayerNormalization()

        def call(self, x):
            return self.n(x + self.a(x, x, use_causal_mask=True))

    return Block()


def SqueezeExcite(layers):
    class Block(layers.Layer):
        def __init__(self):
            super().__init__()
            self.a = layers.Dense(4, activation="relu")
            self.b = layers.Dense(16, activation="sigmoid")
            self.p = layers.GlobalAveragePooling2D(keepdims=True)

        def call(self, x):
            return x * self.b(self.a(self.p(x)))

    return Block()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("framework", choices=("torch", "tensorflow"))
    parser.add_argument("corpus")
    parser.add_argument("--only", help="one model, or one category, by name")
    parser.add_argument("--routes", help="comma-separated; default: all")
    arguments = parser.parse_args()
    corpus = Corpus(arguments.corpus, arguments.framework)
    (torch_main if arguments.framework == "torch" else tensorflow_main)(corpus, arguments)
    sys.exit(0)
