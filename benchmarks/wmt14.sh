#!/usr/bin/env bash
# Repeat the paper's experiment (Vaswani et al. 2017, sections 5 and 6), from the corpus to BLEU on newstest2014:
#
#     benchmarks/wmt14.sh CORPUS OUT base|big [OPTION OF train.py…]
#
# CORPUS is hub:wmt/wmt14:de-en. On a machine without network access, it is a folder with the same splits (train,
# validation and test) that `load_dataset(…).save_to_disk(CORPUS)` has written elsewhere. To resume an interrupted run,
# repeat the same command. To train on eight GPUs, prefix the command with GPUS=8.
set -euo pipefail
usage="usage: benchmarks/wmt14.sh CORPUS OUT base|big [OPTION OF train.py…]"
corpus=${1:?$usage} out=${2:?$usage} preset=${3:?$usage}
root=$(cd "$(dirname "$0")/.." && pwd)
python=${PYTHON:-$root/.venv/bin/python} gpus=${GPUS:-1} vocabulary=${VOCABULARY:-37000}

separator=/
[[ $corpus != hub:* ]] || separator=:

if [ ! -e "$out/data" ]; then
    "$python" -m translator prepare --corpus "train=$corpus${separator}train" \
        --dev "newstest2013=$corpus${separator}validation" --out "$out/data" --vocab-size "$vocabulary"
fi

if [ ! -e "$out/$preset/model" ]; then
    resume=()
    if compgen -G "$out/$preset/checkpoints/step-*" >/dev/null; then
        resume=(--resume)
    fi
    # On several GPUs, an update still has 25,000 tokens per side, divided among the GPUs.
    launcher=()
    if [ "$gpus" -gt 1 ]; then
        launcher=(-m torch.distributed.run --standalone --nproc-per-node "$gpus")
    fi
    "$python" ${launcher[@]+"${launcher[@]}"} "$root/train.py" "$preset" --data "$out/data" --out "$out/$preset" \
        --name "wmt14-$preset" --batch-tokens $((25000 / gpus)) "${@:4}" ${resume[@]+"${resume[@]}"}
fi

# Write the test split as text. Its 3,003 sentences are sacreBLEU's wmt14/full.
if [ ! -e "$out/test.de" ]; then
    "$python" - "$corpus" "$out" <<'END'
import sys
from pathlib import Path

import datasets

corpus, out = sys.argv[1:]
if corpus.startswith("hub:"):
    name, configuration = corpus.removeprefix("hub:").split(":")
    pairs = datasets.load_dataset(name, configuration, split="test")["translation"]
else:
    pairs = datasets.load_from_disk(f"{corpus}/test")["translation"]
for language in ("en", "de"):
    lines = "".join(f"{pair[language]}\n" for pair in pairs)
    unfinished = Path(out) / f".test.{language}"
    unfinished.write_text(lines, encoding="utf-8")
    unfinished.rename(Path(out) / f"test.{language}")
END
fi

# The paper uses a beam size of 4 and a length penalty of 0.6 (section 6.1). It reports BLEU on tokenised text, which is
# up to 1.5 points higher than sacreBLEU's.
"$python" -m translator evaluate --source "$out/test.en" --reference "$out/test.de" \
    --model "$out/$preset/model" --beam 4 --length-penalty 0.6 --precision fp32
