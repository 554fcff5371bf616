#!/usr/bin/env bash
# Train the model in the package, from text to the scores on its card, in one command:
#
#     benchmarks/train_default_model.sh DATA OUT [MINUTES]
#
# DATA holds train/NAME.tsv.xz, dev/NAME.{en,de} and test/newstest2014.{en,de}. The result is OUT/model. To resume an
# interrupted run, repeat the same command.
#
# Training has eight stages. Each one starts from the weights of the stage before:
#   1        8,000 pieces, random weights
#   2        the same data, sampled differently
#   3        small batches, and noise in the data
#   4, 5     12,000 pieces, protected spans, all corpora and generated pairs
#   6, 7     the same with hints from a lexicon
#   8        twelve encoder layers instead of six (each is repeated), and other weights of the corpora
# The eighth stage starts from a weighted mean of the seventh, the sixth, and a branch of the fifth with more
# documentation.
#
# The model in the package was trained slightly differently. The first stage was planned for 300 minutes and, after 83,
# shortened to 105. The third was 21,300 steps on one core. The eighth was 3,954 steps on one core of an Intel processor
# with AMX. The others ran in several parts, on one core or two. The fourth and the sixth used a sampled softmax over
# 2,500 pieces, which train.py no longer offers. The data of the fourth to seventh stages also had pairs with tags added
# around words, which `translator prepare` no longer makes.
set -euo pipefail
usage="usage: benchmarks/train_default_model.sh DATA OUT [MINUTES]"
data=${1:?$usage} out=${2:?$usage} minutes=${3:-671}
here=$(dirname "$0")
bin=$here/../.venv/bin

# The columns are the name, the number of times that an epoch has each pair (in stage 1, in stages 2 and 3, in stages 4
# to 7, in the documentation branch, in stage 8), and the licence. Most of the data is software documentation, which is
# downsampled. General text is scarce and upsampled.
corpora=(
    "msdocs-HT            0.25 0.45 0.45 1    0.4  CC-BY 4.0"
    "tatoeba              1    1    1.5  1.2  1.5  CC-BY 2.0 FR"
    "po-software          0.4  0.4  0.4  0.5  0.3  each project's own (GPL, LGPL, CC)"
    "manpages-de          0.3  0.3  0.3  0.3  0.3  GPL-style, per page"
    "php-doc              0.4  0.4  0.3  0.3  0.4  CC-BY 3.0"
    "software-ui          0.3  0.3  0.3  0.3  0.3  GPL, LGPL or MIT, per project"
    "bible-nt             0.4  0.4  0.3  0.3  0.1  CC0 or public domain"
    "debian-web           1    1    1    1    1    Debian's web terms"
    "europarl-simt20k     1.5  2    2    1.2  2    free use"
    "europarl-selattn     1.5  2    2    1.2  3    free use"
    "europarl-comtrans    1.5  2    2    1.2  2    free use"
    "bcontrast            1    1    1    1    1    CC-BY-SA 4.0"
    "mlqe-pe              1.5  2    2    2    1.5  CC0"
    "xquad                1    2    2    2    4    CC-BY-SA 4.0"
    "software-docs        0.6  0.6  0.6  1    0.6  GFDL, GPL"
    "games-dialogue       1    1    1    1    1    GPL"
    "web-articles         2    3    3    3    3    CC-BY, CC-BY-SA, MIT, MPL"
    "medical              0.7  0.7  0.7  0.7  0.5  CC-BY-SA, AGPL"
    "books-fiction        0    0    0.4  0.2  0.3  public domain in the US"
    "books-third-language 0    0    0.2  0.1  0.1  public domain in the US"
    "books-history        0    0    0.5  0.2  0.3  public domain in the US"
    "books-ideas          0    0    0.5  0.2  0.25 public domain in the US"
    "books2-fiction       0    0    0.4  0.2  0.3  public domain in the US"
    "books2-nonfiction    0    0    0.6  0.3  0.4  public domain in the US"
    "books2-third-language 0    0    0.25 0.1  0.15 public domain in the US"
    "ding-sentences       0    0    3    3    4    GPL-2+"
    "ding-phrases         0    0    0.5  0.5  0.7  GPL-2+"
    "ding-words           0    0    0.15 0.15 0.2  GPL-2+"
    "games-narrative      0    0    0.4  0.4  0.25 GPL-2/3, CC-BY-SA"
    "apps-public-interest 0    0    1    1    0.7  MIT, Apache-2.0, ISC, GPL-2+"
    "docs-society         0    0    2    2    1    Apache-2.0, CC-BY, CC-BY-SA"
    "finance-docs         0    0    1    1    0.3  GFDL"
    "suttacentral         0    0    0.5  0.5  0.5  CC0"
    "questions-xgqa-mgsm  0    0    0.5  0.5  0.5  CC-BY 4.0"
    "names                0    0    0.5  0.5  0.3  Unicode (CLDR), LGPL, GPL, ODbL"
    "templates-names      0    0    0.3  0.3  0.3  made from CLDR"
)
dev_sets=(newstest2013 flores-dev docs-dev tatoeba-dev)
noise=(--augmentation.title-case 0.02 --augmentation.lower-case 0.02 --augmentation.no-final-punctuation 0.03
    --augmentation.typos 0.03)

for file in "${dev_sets[@]/#/dev/}" test/newstest2014; do
    ls "$data/$file".{en,de} >/dev/null
done

# corpus_options COLUMN: set `arguments` to the --corpus options with the weights of that column
corpus_options() {
    local column=$1 name first second fourth documentation licence
    arguments=()
    for corpus in "${corpora[@]}"; do
        read -r name first second fourth documentation eighth licence <<<"$corpus"
        [ "${!column}" = 0 ] || arguments+=(--corpus "$data/train/$name.tsv.xz:${!column}#$licence")
    done
}

# prepare NAME COLUMN OPTION…: prepare OUT/NAME-data with the weights of that column, unless it exists
prepare() {
    local folder=$out/$1-data arguments name
    [ ! -e "$folder" ] || return 0
    corpus_options "$2"
    for name in "${dev_sets[@]}"; do
        arguments+=(--dev "$data/dev/$name")
    done
    "$bin/translator" prepare "${arguments[@]}" --out "$folder" "${@:3}"
}

# train NAME DATA MINUTES OPTION…: train OUT/NAME on OUT/DATA-data, resume it, or skip it if it is finished
train() {
    local resume=()
    [ ! -e "$out/$1/model" ] || return 0
    if compgen -G "$out/$1/checkpoints/step-*" >/dev/null; then
        resume=(--resume)
    fi
    "$bin/python" "$here/../train.py" small --data "$out/$2-data" --out "$out/$1" --name en-de-small \
        --max-minutes "$3" "${@:4}" ${resume[@]+"${resume[@]}"}
}

prepare first first --vocab-size 8000
train first first $((minutes * 105 / 671)) --validate-every-steps 2000 --save-every-steps 500 --log-every-steps 100
prepare second second --tokenizer "$out/first-data/tokenizer.model"
train second second $((minutes * 135 / 671)) --init-from "$out/first/model" --seed 2 --peak-learning-rate 1.5e-3 \
    --validate-every-steps 4000
train third second $((minutes * 120 / 671)) --init-from "$out/second/model" --seed 3 --batch-tokens 1024 \
    --peak-learning-rate 8e-4 --validate-every-steps 3000 --augmentation.upper-case 0.02 "${noise[@]}"
if [ ! -e "$out/lexical-pairs.tsv.xz" ]; then
    "$bin/python" "$here/lexical_pairs" "$out/lexical-pairs.tsv.xz" --without "$data"/dev/*.en "$data"/test/*.en
fi
prepare fourth fourth --tokenizer "$here/vocabulary-12000.model" --corpus "$out/lexical-pairs.tsv.xz:1#our own"
train fourth fourth $((minutes * 60 / 671)) --init-from "$out/third/model" --schedule inverse-sqrt --warmup-steps 400 \
    --peak-learning-rate 1.6e-3 --validate-every-steps 1000
train fifth fourth $((minutes * 60 / 671)) --init-from "$out/fourth/model" --seed 2 --warmup-steps 200 \
    --peak-learning-rate 9e-4 --validate-every-steps 2000
prepare documentation documentation --tokenizer "$here/vocabulary-12000.model" \
    --corpus "$out/lexical-pairs.tsv.xz:0.7#our own"
train documentation documentation $((minutes * 11 / 671)) --init-from "$out/fifth/model" --seed 4 --warmup-steps 60 \
    --peak-learning-rate 5e-4
if [ ! -e "$out/lexicon.tsv" ]; then
    corpus_options fourth
    "$bin/translator" lexicon "$out/lexicon.tsv" "${arguments[@]}" --corpus "$out/lexical-pairs.tsv.xz"
fi
prepare sixth fourth --tokenizer "$here/vocabulary-12000.model" --corpus "$out/lexical-pairs.tsv.xz:1#our own" \
    --lexicon "$out/lexicon.tsv"
train sixth sixth $((minutes * 60 / 671)) --init-from "$out/fifth/model" --seed 3 --schedule inverse-sqrt \
    --warmup-steps 400 --peak-learning-rate 1.2e-3 "${noise[@]}"
train seventh sixth $((minutes * 20 / 671)) --init-from "$out/sixth/model" --seed 4 --warmup-steps 50 \
    --peak-learning-rate 7e-4 "${noise[@]}"

[ -e "$out/mean" ] || "$bin/python" "$here/average_models.py" "$out/mean" "$out/seventh/model=0.55" \
    "$out/sixth/model=0.25" "$out/documentation/model=0.2" --extra "$out/documentation/model"
prepare eighth eighth --tokenizer "$here/vocabulary-12000.model" --corpus "$out/lexical-pairs.tsv.xz:1#our own" \
    --lexicon "$out/lexicon.tsv"
train eighth eighth $((minutes * 100 / 671)) --init-from "$out/mean" --seed 5 --model.encoder-layers 12 \
    --warmup-steps 300 --peak-learning-rate 1.2e-3 --validate-every-steps 2000 "${noise[@]}"
[ -e "$out/model" ] || cp -r "$out/eighth/model" "$out/model"

for set in "${dev_sets[@]/#/dev/}" test/newstest2014; do
    "$bin/translator" evaluate --source "$data/$set.en" --reference "$data/$set.de" --model "$out/model" --record
done
"$bin/python" "$here/alignment.py" "$out/model" --record
