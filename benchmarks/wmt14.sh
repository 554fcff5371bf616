#!/usr/bin/env bash
# The paper's experiment (Vaswani et al. 2017, sections 5 and 6), from the corpus to BLEU on newstest2014:
#
#     benchmarks/wmt14.sh CORPUS OUT base|big [OPTION OF train.py…]
#
# CORPUS is hub:wmt/wmt14:de-en, or a folder in which `datasets` saved the splits train, validation and test of
# the same form (`load_dataset(…).save_to_disk(CORPUS)`), for a machine without a network. A run that was
# interrupted goes on when the same command is given again. GPUS=8 before it trains on eight GPUs.
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
    # On several GPUs an update is still 25,000 tokens a side: each of them takes its share.
    launcher=()
    if [ "$gpus" -gt 1 ]; then
        launcher=(-m torch.distributed.run --standalone --nproc-per-node "$gpus")
    fi
    "$python" ${launcher[@]+"${launcher[@]}"} "$root/train.py" "$preset" --data "$out/data" --out "$out/$preset" \
        --name "wmt14-$preset" --batch-tokens $((25000 / gpus)) "${@:4}" ${resume[@]+"${resume[@]}"}
fi

# The test split as text: the 3,003 sentences that sacreBLEU calls wmt14/full.
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

# The paper's search: a beam of 4 with a length penalty of 0.6 (section 6.1). Its BLEU was of tokenised text; sacreBLEU's
# is lower by up to 1.5.
"$python" -m translator evaluate --source "$out/test.en" --reference "$out/test.de" \
    --model "$out/$preset/model" --beam 4 --length-penalty 0.6 --precision fp32
