#!/usr/bin/env bash
# Fine-tune the model in the package on 500 pairs of a new domain, and check that it forgets nothing.
#
#     benchmarks/fine_tune.sh DATA OUT
#
# The domain is image captions, from DATA/multi30k. They are licensed for research only, so do not ship the result. A
# sample of the original training data, DATA/train, is mixed in. Then both models are compared on the test set of the
# domain and on the development sets in DATA/dev.
set -euo pipefail
usage="usage: benchmarks/fine_tune.sh DATA OUT"
data=${1:?$usage} out=${2:?$usage}
root=$(cd "$(dirname "$0")/.." && pwd)
bin=$root/.venv/bin model=$root/translator/pretrained/en-de

mkdir -p "$out"
paste "$data"/multi30k/train.{en,de} | sed -n 1,500p >"$out/captions.tsv"
paste "$data"/multi30k/val.{en,de} | sed -n 1,200p >"$out/captions-dev.tsv"

# An epoch has each caption ten times, and about twice as many pairs of the original training data.
[ -e "$out/data" ] || "$bin/translator" prepare --tokenizer "$model/tokenizer.model" --lexicon "$model/lexicon.tsv" \
    --out "$out/data" \
    --corpus "$out/captions.tsv:10" \
    --corpus "$data/train/tatoeba.tsv.xz:0.03" --corpus "$data/train/msdocs-HT.tsv.xz:0.01" \
    --corpus "$data/train/europarl-selattn.tsv.xz:0.1" --dev "$out/captions-dev.tsv"
resume=()
if compgen -G "$out/tuned/checkpoints/step-*" >/dev/null; then
    resume=(--resume)
fi
[ -e "$out/tuned/model" ] || "$bin/python" "$root/train.py" small --model.encoder-layers 12 --init-from "$model" --data "$out/data" \
    --out "$out/tuned" --name captions --batch-tokens 1024 --warmup-steps 40 --peak-learning-rate 1e-4 \
    --max-minutes 5 --threads 1 --log-every-steps 20 ${resume[@]+"${resume[@]}"}

for set in multi30k/test2016 dev/tatoeba-dev dev/docs-dev dev/newstest2013; do
    "$bin/translator" evaluate --source "$data/$set.en" --reference "$data/$set.de" \
        --model "$model" --model "$out/tuned/model" --precision fp32
done
