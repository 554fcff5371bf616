#!/usr/bin/env bash
# Import published weights, and measure them like our own: alignment, scores, speed beside CTranslate2 and transformers,
# and a service that answers.
#
#     benchmarks/published_weights.sh opus|wmt19 OUT [OPTION OF decode_speed.py…]
#     SOURCE=folder TESTSET=newstest benchmarks/published_weights.sh opus OUT      # without a network
#     SOURCE=stand-in benchmarks/published_weights.sh opus OUT                     # a rehearsal
#
# opus is Helsinki-NLP/opus-mt-en-de on wmt14/full, wmt19 is facebook/wmt19-en-de on wmt19. SOURCE is a folder with the
# files of the repository, and TESTSET stands for TESTSET.en and TESTSET.de. The rehearsal has random weights of the true
# size and 20 sentences of the toy grammar: its scores mean nothing. To resume, repeat the same command: finished steps
# are skipped. Delete a file in OUT to repeat its step. Needs `pip install -e '.[dev]'`.
set -euo pipefail
usage="usage: benchmarks/published_weights.sh opus|wmt19 OUT [OPTION OF decode_speed.py…]"
name=${1:?$usage} out=${2:?$usage}
case $name in
    opus) repository=Helsinki-NLP/opus-mt-en-de testset=wmt14/full beam=4 ;;
    wmt19) repository=facebook/wmt19-en-de testset=wmt19 beam=15 ;; # as for the figure on its card
    *) echo "$usage" >&2; exit 2 ;;
esac
root=$(cd "$(dirname "$0")/.." && pwd)
python=${PYTHON:-$root/.venv/bin/python} source=${SOURCE:-$repository} files=${TESTSET:-}
export PYTHONPATH=$root:$root/benchmarks${PYTHONPATH:+:$PYTHONPATH}
mkdir -p "$out"

# Write what a command prints to a file that appears when the command has succeeded, unless the file exists.
step() {
    local file=$out/$1
    shift
    if [ -e "$file" ]; then
        echo "--- $file exists: skipped"
        return
    fi
    echo "--- $file"
    "$@" | tee "$file.unfinished"
    mv "$file.unfinished" "$file"
}

if [ "$source" = stand-in ]; then
    source=$out/stand-in
    files=${files:-$source/test}
    [ -e "$source" ] || "$python" "$root/benchmarks/published_stand_ins.py" "$name" "$source"
fi

step import.txt bash -c '[ -e "$3/model" ] || "$1" -m translator import "$2" --out "$3/model"' - "$python" "$source" "$out"
step alignment.txt "$python" "$root/benchmarks/alignment.py" "$out/model" --record

if [ -n "$files" ]; then
    data=(--source "$files.en" --reference "$files.de")
    sentences=$files.en
else
    data=(--testset "$testset")
    sentences=$out/source.en
fi
step scores.txt "$python" -m translator evaluate --model "$out/model" "${data[@]}" --beam "$beam" --record
if [ -z "$files" ]; then
    step source.en "$python" -m sacrebleu --test-set "$testset" --language-pair en-de --echo src >/dev/null
fi
step speed.md "$python" "$root/benchmarks/decode_speed.py" --weights "$out/model" --sentences "$sentences" \
    --count 128 --count-alone 16 --rounds 2 "${@:3}"
step memory.txt "$python" "$root/benchmarks/served_memory.py" "$out/model"
echo "--- finished: the results are in $out"
