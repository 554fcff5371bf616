#!/usr/bin/env bash
# The model that comes with the package, from text to scores on its card, in one command:
#
#     benchmarks/train_default_model.sh DATA OUT [MINUTES]
#
# DATA holds train/NAME.tsv.xz, dev/NAME.{en,de} and test/newstest2014.{en,de}. OUT/run/model is the result.
# A run that was interrupted goes on when the same command is given again.
set -euo pipefail
data=$1 out=$2 minutes=${3:-120}
bin=$(dirname "$0")/../.venv/bin

# Name, how often an epoch sees each pair, licence. Software documentation, most of the data, is sampled
# down; general text is scarce and seen more often.
corpora=(
    "msdocs-HT:0.25#CC-BY 4.0"
    "tatoeba:1#CC-BY 2.0 FR"
    "po-software:0.4#each project's own (GPL, LGPL, CC)"
    "manpages-de:0.3#GPL-style, per page"
    "debian-web:1#Debian's web terms"
    "europarl-simt20k:1.5#free use"
    "europarl-selattn:1.5#free use"
    "europarl-comtrans:1.5#free use"
    "php-doc:0.4#CC-BY 3.0"
    "bcontrast:1#CC-BY-SA 4.0"
    "mlqe-pe:1.5#CC0"
    "xquad:1#CC-BY-SA 4.0"
    "software-ui:0.3#GPL, LGPL or MIT, per project"
    "software-docs:0.6#GFDL, GPL"
    "games-dialogue:1#GPL"
    "web-articles:2#CC-BY, CC-BY-SA, MIT, MPL"
    "medical:0.7#CC-BY-SA, AGPL"
    "bible-nt:0.4#CC0 or public domain"
)
dev_sets=(newstest2013 flores-dev docs-dev tatoeba-dev)

if [ ! -e "$out/prepared" ]; then
    arguments=()
    for corpus in "${corpora[@]}"; do
        arguments+=(--corpus "$data/train/${corpus%%:*}.tsv.xz:${corpus#*:}")
    done
    for name in "${dev_sets[@]}"; do
        arguments+=(--dev "$data/dev/$name")
    done
    "$bin/translator" prepare "${arguments[@]}" --out "$out/prepared" --vocab-size 8000
fi

resume=()
if compgen -G "$out/run/checkpoints/step-*" >/dev/null; then
    resume=(--resume)
fi
"$bin/python" "$(dirname "$0")/../train.py" small --data "$out/prepared" --out "$out/run" --name en-de-small \
    --max-minutes "$minutes" "${resume[@]}"

for set in "${dev_sets[@]/#/dev/}" test/newstest2014; do
    "$bin/translator" evaluate --source "$data/$set.en" --reference "$data/$set.de" --model "$out/run/model" --record
done
