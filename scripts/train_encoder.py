#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trains metamict's encoder, a ResNet50, on simulated STEM-HAADF scenes, and exports it.

    train_encoder.py --minutes 100 --work DIR            train (run again to resume from DIR/last.pt)
    train_encoder.py --init OLD/best.pt --work DIR       a further stage, from an earlier run's weights or a module NAME.pt
    train_encoder.py --export DIR/best.pt OUT             write OUT/metamict-resnet50.pt and its sidecar

Each scene is a micrograph with its truth: which share of every pixel belongs to which region, and how
alike the regions are (0 to 1). Of every micrograph two crops are seen, far apart: other noise, other
focus and thickness on the way of its drifts. Crops run through the network whole, and windows of 2 x 2
cells of the last map are pooled to one embedding each; some windows are also cut out as single 64 px
chips. Cosines between all embeddings of a micrograph are regressed onto what they should be: LEAST for
regions that have nothing in common, ALIKE within a region whether near or far, graded between them.
ALIKE is below 1 so that what is left inside a region is each window's own noise: a cut through it
then thins a region evenly, where a cut through a spike at 1 would follow the drifts.
"""

import argparse
import copy
import json
import math
import multiprocessing
import os
import pathlib
import queue
import re
import signal
import time

import numpy
import torch
import torch.nn.functional as F

import encoder_validation
import resnet50
import stem_sim

CHIP_PX = 64
CELL_PX = 32  # the last stage's stride
SCENE_PX = 192
LEAST, ALIKE, SAME = 0.15, 0.95, 0.98  # cosines: nothing in common; one region; one place, as a chip and in the shared pass


# ---------------------------------------------------------------- scenes


def make_scene(seed, views=2):
    """One training micrograph as small arrays: crops int16/1000 [V,H,W], weights uint8/255 [V,R,H,W], similarity, disorder."""
    rng = numpy.random.default_rng(seed)
    crops = stem_sim.training_micrograph(rng, SCENE_PX, views)
    images = stem_sim.standardise(numpy.stack([crop.image for crop in crops]))  # once for the micrograph, as the program does
    images = numpy.clip(images * 1000, -32000, 32000).astype(numpy.int16)
    weights = numpy.stack([numpy.round(numpy.clip(crop.weights, 0, 1) * 255) for crop in crops]).astype(numpy.uint8)
    return images, weights, crops[0].similarity.astype(numpy.float32), crops[0].disorder.astype(numpy.float32)


def produce_scenes(seed, worker, workers, start, out):
    """Scene number k (k = worker mod workers) is made from the seed (seed, k): the stream repeats."""
    os.nice(5)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    trainer, k = os.getppid(), start + worker
    while True:
        scene = make_scene([seed, k])
        while True:
            if os.getppid() != trainer:
                os._exit(0)  # the trainer is gone; nobody will empty the queue
            try:
                out.put(scene, timeout=10)
                break
            except queue.Full:
                continue
        k += workers


class SceneStream:
    """Fresh scenes from worker processes; where they cannot keep up, recent scenes again, turned."""

    def __init__(self, arguments, start):
        context = multiprocessing.get_context("fork")
        self.queue = context.Queue(maxsize=64)
        self.recent = []
        self.fresh = start
        self.keep = arguments.keep_scenes
        self.rng = numpy.random.default_rng([arguments.seed, start, 1])
        for worker in range(arguments.workers):
            context.Process(
                target=produce_scenes,
                args=(arguments.seed, worker, arguments.workers, start, self.queue),
                daemon=True,
            ).start()  # daemons end with the trainer

    def take(self, count, enough=64):
        scenes = []
        while len(scenes) < count:
            try:
                # A scene is larger than a pipe, so even a waiting one needs a moment to come across.
                scene = self.queue.get(timeout=None if len(self.recent) < enough else 0.05)
            except queue.Empty:
                scenes.append(self.recent[self.rng.integers(len(self.recent))])
                continue
            self.fresh += 1
            if len(self.recent) < self.keep:
                self.recent.append(scene)
            else:
                self.recent[self.rng.integers(self.keep)] = scene
            scenes.append(scene)
        return [turn(scene, self.rng) for scene in scenes]


def turn(scene, rng):
    """A scene flipped and turned by right angles, as floats, its standardisation jittered.

    The crops are not the whole micrograph: what lies outside them (a bright cap, vacuum) moves the
    micrograph's mean and spread, so gain and offset vary by as much.
    """
    image, weights, similarity, disorder = scene
    turns, flip = rng.integers(4), rng.integers(2)
    image = numpy.rot90(image, turns, axes=(1, 2)).astype(numpy.float32) / 1000
    weights = numpy.rot90(weights, turns, axes=(2, 3)).astype(numpy.float32) / 255
    if flip:
        image, weights = image[..., ::-1], weights[..., ::-1]
    image = image * math.exp(rng.normal(0, 0.15)) + rng.normal(0, 0.3)
    return numpy.ascontiguousarray(image), numpy.ascontiguousarray(weights), similarity, disorder


# ---------------------------------------------------------------- objective


def tent():
    """How much each pixel of a window counts for what it shows: most in the middle, for there its label is put."""
    edge = 1 - (torch.arange(CHIP_PX) + 0.5 - CHIP_PX / 2).abs() / (CHIP_PX / 2)
    kernel = edge[:, None] * edge[None]
    return kernel / kernel.sum()


def sharpened(fractions):
    """The larger share counts for more, so that windows on a border lean to one side of it."""
    powers = fractions.pow(4)
    return powers / powers.sum(-1, keepdim=True).clamp_min(1e-9)


def window_fractions(weights, kernel):
    """Share of each region in every 2 x 2-cell window of the crops' maps: [V, R, H, W] -> [V * windows, R]."""
    views, regions = weights.shape[:2]
    seen = F.conv2d(weights.flatten(0, 1)[:, None], kernel[None, None], stride=CELL_PX)
    return sharpened(seen.view(views, regions, -1).transpose(1, 2).reshape(-1, regions))


def pick_chips(images, weights, count, kernel, rng):
    """Single chips of every crop, their fractions, and the window that lies at the same place (or -1): every second one anywhere."""
    chips, fractions, places = [], [], []
    across = SCENE_PX // CELL_PX - 1
    for view in range(len(images)):
        for i in range(count):
            y, x = rng.integers(0, SCENE_PX - CHIP_PX + 1, 2)
            places.append(-1)
            if i % 2 == 0:
                y, x = y // CELL_PX * CELL_PX, x // CELL_PX * CELL_PX
                places[-1] = view * across**2 + y // CELL_PX * across + x // CELL_PX
            chips.append(images[view, y : y + CHIP_PX, x : x + CHIP_PX])
            fractions.append((weights[view, :, y : y + CHIP_PX, x : x + CHIP_PX] * kernel).sum((1, 2)))
    return torch.stack(chips), sharpened(torch.stack(fractions)), torch.tensor(places)


def target_alikeness(fractions, similarity):
    """How alike windows of given contents are, 0 to 1: wi' S wj over the root of the self-terms."""
    products = fractions @ similarity @ fractions.t()
    norms = products.diagonal().clamp_min(1e-6).sqrt()
    return (products / (norms[:, None] * norms[None])).clamp(0, 1)


def balanced_regression(cosines, alike, targets, others, bins=5):
    """Error of the cosines in units of what is allowed (little within a region), rare degrees of alikeness counting (nearly) as much."""
    index = (alike * bins).long().clamp_max(bins - 1)
    counts = torch.bincount(index[others], minlength=bins).float()
    weight = counts.clamp_min(1).rsqrt()[index] * others
    allowed = 0.12 - 0.095 * alike
    errors = F.smooth_l1_loss(cosines / allowed, targets / allowed, reduction="none", beta=1.0)
    return (weight * errors).sum() / weight.sum()


def place_gap(cosines, alike, views):
    """What pairs of one region have more in common within a crop (but not overlapping) than across crops, and the spread of all."""
    windows = len(views)
    pairs = cosines[:windows, :windows]
    one_region = alike[:windows, :windows] > 0.98
    near = one_region & (views[:, None] == views[None]) & apart(windows, views.device)
    far = one_region & (views[:, None] != views[None])
    if near.sum() < 20 or far.sum() < 20:
        return cosines.new_zeros(()), None
    gap = pairs[near].mean() - pairs[far].mean()
    figures = torch.stack([pairs[near].mean(), pairs[far].mean(), pairs[near | far].std()]).detach()
    return F.smooth_l1_loss(gap / 0.02, torch.zeros_like(gap)), figures


_apart = {}


def apart(windows, device):
    """Which windows of a crop do not overlap, for all crops: [windows, windows]."""
    if windows not in _apart:
        across = SCENE_PX // CELL_PX - 1
        place = torch.arange(windows, device=device) % across**2
        y, x = torch.div(place, across, rounding_mode="floor"), place % across
        _apart[windows] = ((y[:, None] - y[None]).abs() > 1) | ((x[:, None] - x[None]).abs() > 1)
    return _apart[windows]


def soft_contrast(cosines, targets, temperature=0.2):
    """Divergence between the soft neighbourhoods that targets and cosines define within a scene."""
    own = torch.eye(len(cosines), dtype=torch.bool, device=cosines.device)
    wanted = (targets / temperature).masked_fill(own, -1e9).log_softmax(1)
    found = (cosines / temperature).masked_fill(own, -1e9).log_softmax(1)
    return F.kl_div(found, wanted, log_target=True, reduction="none").masked_fill(own, 0).sum(1).mean()


class Batch:
    """Tensors of one step: whole crops, single chips, and per micrograph what each embedding shows."""

    def __init__(self, scenes, chips_per_crop, rng, device):
        kernel = tent()
        images = [torch.from_numpy(s[0]) for s in scenes]
        weights = [torch.from_numpy(s[1]) for s in scenes]
        picked = [pick_chips(i, w, chips_per_crop, kernel, rng) for i, w in zip(images, weights)]
        self.crops_px = torch.cat(images).to(device)
        self.chips_px = torch.cat([p[0] for p in picked]).to(device)
        self.fractions = [torch.cat([window_fractions(w, kernel), p[1]]).to(device) for w, p in zip(weights, picked)]
        self.places = [p[2].to(device) for p in picked]
        self.similarity = [torch.from_numpy(s[2]).to(device) for s in scenes]
        self.disorder = [torch.from_numpy(s[3]).to(device) for s in scenes]


def three_channels(images):
    return images[:, None].expand(-1, 3, -1, -1)


PARTS = {"regress": 1.0, "contrast": 2.0, "place": 0.5, "disorder": 0.5}
FIGURES = ("near", "far", "spread", "ways")


def objective(model, head, batch, dtype):
    """Loss of one batch; its parts and the figures of FIGURES for the log."""
    scenes, views = len(batch.similarity), len(batch.crops_px) // len(batch.similarity)
    maps = resnet50.feature_map(model, three_channels(batch.crops_px), dtype).float()
    windows = F.avg_pool2d(maps, 2, 1).flatten(2).transpose(1, 2)
    view_of = torch.arange(views, device=windows.device).repeat_interleave(windows.shape[1])
    windows = windows.reshape(scenes, -1, resnet50.FEATURES)
    chips = resnet50.feature_map(model, three_channels(batch.chips_px), dtype).float().mean((2, 3))
    unit = F.normalize(torch.cat([windows, chips.view(scenes, -1, resnet50.FEATURES)], 1), dim=2)
    parts, seen = torch.zeros(len(PARTS), device=unit.device), []
    for rows, fractions, places, similarity, disorder in zip(unit, batch.fractions, batch.places, batch.similarity, batch.disorder):
        cosines, alike = rows @ rows.t(), target_alikeness(fractions, similarity)
        targets = LEAST + (ALIKE - LEAST) * alike
        chip = (places >= 0).nonzero()[:, 0]
        own, twin = chip + windows.shape[1], places[chip]
        targets[own, twin] = targets[twin, own] = SAME
        others = ~torch.eye(len(rows), dtype=torch.bool, device=rows.device)
        gap, figures = place_gap(cosines, alike, view_of)
        order = F.smooth_l1_loss(head(rows * 16)[:, 0], fractions @ disorder, beta=0.1)
        parts = parts + torch.stack([balanced_regression(cosines, alike, targets, others), soft_contrast(cosines, targets), gap, order])
        if figures is not None:
            seen.append(torch.cat([figures, cosines[own, twin].mean().detach()[None]]))
    parts = parts / scenes
    figures = torch.stack(seen).mean(0) if seen else torch.full((len(FIGURES),), math.nan)
    return (parts * torch.tensor(list(PARTS.values()), device=parts.device)).sum(), parts.detach(), figures


# ---------------------------------------------------------------- training


STAGES = ("conv1", "bn1", "layer1", "layer2", "layer3", "layer4")


class Trainer:
    def __init__(self, arguments):
        self.arguments = arguments
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        torch.manual_seed(arguments.seed)
        self.model = resnet50.training_resnet50().to(self.device)
        self.head = torch.nn.Linear(resnet50.FEATURES, 1).to(self.device)
        for module in self.model.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.momentum = 0.02
        for name in STAGES[: STAGES.index(arguments.train_from)]:
            getattr(self.model, name).requires_grad_(False)
        trained = [p for p in self.model.parameters() if p.requires_grad]
        decayed = [p for p in trained if p.ndim > 1]
        plain = [p for p in trained if p.ndim == 1] + list(self.head.parameters())
        self.optimizer = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": 0.02}, {"params": plain, "weight_decay": 0.0}],
            lr=arguments.rate, betas=(0.9, 0.98), foreach=True,
        )
        self.average = copy.deepcopy(self.model)
        self.step, self.elapsed_s, self.fresh, self.best = 0, 0.0, 0, -1.0
        self.earlier = {"step": 0, "elapsed_s": 0.0, "fresh": 0}  # of the stages before this one
        self.origin = ""  # where the stages before that come from: the provenance of a module

    # the checkpoint ----------------------------------------------------

    def save(self, path):
        state = {name: getattr(self, name) for name in ("step", "elapsed_s", "fresh", "best", "earlier", "origin")}
        for name in ("model", "head", "optimizer", "average"):
            state[name] = getattr(self, name).state_dict()
        state["arguments"] = vars(self.arguments)
        torch.save(state, str(path) + ".part")
        os.replace(str(path) + ".part", path)

    def resume(self, path):
        state = torch.load(path, map_location=self.device)
        for name in ("model", "head", "optimizer", "average"):
            getattr(self, name).load_state_dict(state[name])
        for name in ("step", "elapsed_s", "fresh", "best", "earlier", "origin"):
            setattr(self, name, state[name])
        print(f"resumed at step {self.step}, {self.elapsed_s / 60:.1f} min", flush=True)

    def begin_from(self, path):
        """A further stage from the averaged weights of an earlier run, its count of steps, scenes and time carried on;
        or from a module as it ships, whose head and count are not known: the head learns anew in some 30 steps."""
        try:
            weights = resnet50.weights_of(path)
            self.origin = json.loads(path.with_suffix(".json").read_text())["provenance"]
        except RuntimeError:
            state = torch.load(path, map_location=self.device)
            weights = state["average"]
            self.head.load_state_dict(state["head"])
            self.earlier = {name: state[name] + state.get("earlier", {}).get(name, 0) for name in ("step", "elapsed_s", "fresh")}
            self.origin = state.get("origin", "")
            self.fresh = state["fresh"]  # so that the stream goes on with scenes not seen before
        self.model.load_state_dict(weights)
        self.average.load_state_dict(weights)
        print(f"begun from {path}: {self.earlier['step']} earlier steps", flush=True)

    # the run -----------------------------------------------------------

    def progress(self):
        return self.elapsed_s / (60 * self.arguments.minutes)

    def set_phase(self):
        """Learning rate by the share of the time spent; batch statistics stand still in the end."""
        done = self.progress()
        rate = 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))
        rate *= min(1.0, (self.step + 1) / self.arguments.warm_up_steps)
        for group in self.optimizer.param_groups:
            group["lr"] = self.arguments.rate * max(rate, 0.005)
        self.model.train(done < self.arguments.freeze_after)

    def update(self, batch):
        dtype = torch.bfloat16 if self.arguments.bfloat16 else torch.float32
        loss, parts, figures = objective(self.model, self.head, batch, dtype)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
        if not torch.isfinite(norm):
            print(f"step {self.step}: gradient not finite, left out", flush=True)
            return torch.cat([parts, figures])
        self.optimizer.step()
        return torch.cat([parts, figures])

    @torch.no_grad()
    def follow(self, every=4):
        """Moving average of the weights; batch-norm statistics are already averages."""
        keep = min(0.99 ** every, (1 + self.step) / (10 + self.step))
        torch._foreach_mul_(list(self.average.parameters()), keep)
        torch._foreach_add_(
            list(self.average.parameters()), list(self.model.parameters()), alpha=1 - keep
        )
        for mine, theirs in zip(self.average.buffers(), self.model.buffers()):
            mine.copy_(theirs)

    def validate(self, scenes):
        better = False
        if scenes:
            self.average.eval()
            report = encoder_validation.validate(self.average, scenes, self.arguments.bfloat16)
            print(f"validation at {self.elapsed_s / 60:.1f} min: {encoder_validation.summary(report)}", flush=True)
            better = report["quality"] > self.best
            self.best = max(self.best, report["quality"])
        self.save(self.arguments.work / "last.pt")
        for name in ["best.pt"] * better + [f"step{self.step:05d}.pt"] * self.arguments.keep_all:
            self.save(self.arguments.work / name)

    def run(self):
        a = self.arguments
        validation = list(encoder_validation.make_scenes(a.seed + 1_000_003, a.validation_scenes))
        stream = SceneStream(a, self.fresh)
        rng = numpy.random.default_rng([a.seed, self.step, 2])
        mean, last_log, last_check = None, self.step, self.elapsed_s
        # On a CPU the schedule follows the trainer's processor time, so that busy neighbours do not eat it.
        clock = time.process_time if self.device.type == "cpu" and not a.wall_clock else time.monotonic
        stop = []
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.append(True))
        while self.progress() < 1:
            if stop:
                self.save(a.work / "last.pt")
                print(f"stopped at step {self.step}; run again to resume", flush=True)
                return
            begin, used = time.monotonic(), clock()
            self.set_phase()
            batch = Batch(stream.take(a.scenes), a.chips, rng, self.device)
            waited_s = time.monotonic() - begin
            parts = self.update(batch)
            if self.step % 4 == 0:
                self.follow()
            self.step, self.fresh = self.step + 1, stream.fresh
            seconds = time.monotonic() - begin
            spent_s = clock() - used
            self.elapsed_s += spent_s
            mean = parts if mean is None else torch.where(parts.isnan(), mean, mean * 0.95 + parts * 0.05)
            if self.step - last_log >= a.log_every:
                last_log = self.step
                self.log(mean, seconds, waited_s, seconds / max(spent_s, 1e-3))
            if self.elapsed_s - last_check > 60 * a.check_minutes:
                last_check = self.elapsed_s
                self.validate(validation)
        self.validate(validation)

    def log(self, mean, seconds, waited_s, slowdown):
        left = (self.arguments.minutes * 60 - self.elapsed_s) * slowdown
        end = time.strftime("%H:%M", time.localtime(time.time() + left))
        names = zip((*PARTS, *FIGURES), mean.tolist())
        print(
            f"{time.strftime('%H:%M:%S')} step {self.step} {100 * self.progress():.1f} % "
            + " ".join(f"{n} {v:.4f}" for n, v in names)
            + f" {seconds:.2f} s/step (waited {waited_s:.2f}) scenes {self.fresh} "
            f"rate {self.optimizer.param_groups[0]['lr']:.1e} end {end}",
            flush=True,
        )


def between(module, weights, share):
    """Weights that lie `share` of the way from a module's to these. They keep what the module knew of images unlike the stage's scenes
    (Wortsman and others 2022, "Robust fine-tuning of zero-shot models")."""
    before = resnet50.weights_of(module)
    return {name: torch.lerp(before[name], after, share) if after.is_floating_point() else after for name, after in weights.items()}


def export(checkpoint, folder, init, share):
    """Writes the averaged weights of a checkpoint as the encoder that ships; with a share below 1, weights between those of the module `init` and them."""
    state = torch.load(checkpoint, map_location="cpu")
    model = resnet50.plain_resnet50()
    model.load_state_dict(state["average"] if share == 1 else between(init, state["average"], share), strict=True)
    earlier = state["earlier"]
    provenance = (
        f"ResNet50 (torchvision layout) trained from seed {state['arguments']['seed']} by scripts/train_encoder.py on "
        f"{state['fresh']} simulated STEM-HAADF scenes of {SCENE_PX} px (scripts/stem_sim.py) for {state['step'] + earlier['step']} steps, "
        f"{(state['elapsed_s'] + earlier['elapsed_s']) / 60:.0f} minutes of training. No real micrograph was used."
    )
    if state.get("origin"):
        provenance += f" Begun from: {resnet50.without_projection(state['origin'])}"
    if share < 1:
        provenance += f" What ships lies {share:g} of the way from the weights that the stage began from to its own."
    print(resnet50.export_encoder(model, folder, resnet50.sidecar("metamict-resnet50", "trained", provenance)))


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("/var/tmp/metamict-train"), help="checkpoints, outside the repository")
    parser.add_argument("--init", type=pathlib.Path, metavar="FILE", help="begin a further stage from an earlier run's checkpoint or a module with its sidecar")
    parser.add_argument("--export", nargs=2, metavar=("CHECKPOINT", "FOLDER"), help="write the TorchScript module and stop")
    parser.add_argument("--share", type=float, default=1, help="with --export and --init MODULE: how far to go from the module's weights to the checkpoint's")
    parser.add_argument("--minutes", type=float, default=100, help="training time, on a CPU the trainer's processor time; the schedule follows it")
    parser.add_argument("--wall-clock", action="store_true", help="count minutes by the clock on the wall on a CPU too")
    parser.add_argument("--seed", type=int, default=20231)
    parser.add_argument("--rate", type=float, default=1e-3, help="peak learning rate")
    parser.add_argument("--warm-up-steps", type=int, default=100)
    parser.add_argument("--scenes", type=int, default=3, help="micrographs a step, two crops of each")
    parser.add_argument("--chips", type=int, default=3, help="single chips a crop")
    parser.add_argument("--freeze-after", type=float, default=0.6, help="share of the time after which batch norm stands still")
    parser.add_argument("--train-from", choices=STAGES, default="conv1", help="stages before this one keep their weights: less to compute for a further stage")
    parser.add_argument("--workers", type=int, default=2, help="processes that make scenes")
    parser.add_argument("--keep-scenes", type=int, default=1500, help="recent scenes kept for when the workers are slow")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--bfloat16", action="store_true", default=None, help="whatever the processor")
    parser.add_argument("--float32", dest="bfloat16", action="store_false")
    parser.add_argument("--keep-all", action="store_true", help="keep the checkpoint of every validation")
    parser.add_argument("--check-minutes", type=float, default=8, help="minutes between validations")
    parser.add_argument("--validation-scenes", type=int, default=8, help="0: checkpoints only, to be judged outside")
    parser.add_argument("--log-every", type=int, default=20)
    arguments = parser.parse_args()
    if arguments.share != 1 and not (arguments.export and arguments.init):
        parser.error("--share goes with --export and --init MODULE")
    return arguments


def bfloat16_is_faster():
    """Whether training should count in bfloat16: by the processor's flags, where they cannot be read by a short trial.

    Without instructions for it bfloat16 is emulated: on AVX2 a step takes 71 s, in float32 4.7 s.
    """
    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported()
    flags = re.search(r"^flags\s*:(.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M) if os.path.exists("/proc/cpuinfo") else None
    if flags:
        return bool({"avx512_bf16", "amx_bf16"} & set(flags[1].split()))
    spent_s = {}
    for dtype in (torch.float32, torch.bfloat16):
        one = torch.ones(512, 512, dtype=dtype)
        one @ one
        begin = time.monotonic()
        one @ one
        spent_s[dtype] = time.monotonic() - begin
    return spent_s[torch.bfloat16] < 0.8 * spent_s[torch.float32]


def main():
    arguments = parse()
    torch.set_num_threads(arguments.threads)
    if arguments.bfloat16 is None:
        arguments.bfloat16 = bfloat16_is_faster()
    if arguments.export:
        export(*arguments.export, arguments.init, arguments.share)
        return
    arguments.work.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(arguments)
    if (arguments.work / "last.pt").exists():
        trainer.resume(arguments.work / "last.pt")
    elif arguments.init:
        trainer.begin_from(arguments.init)
    trainer.run()


if __name__ == "__main__":
    main()
