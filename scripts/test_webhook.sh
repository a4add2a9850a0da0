#!/bin/sh
# Posts one signed test alert to a running tt, then asks what became of it. Needs curl and openssl.
#
#   scripts/test_webhook.sh READY_FILE      the file that `tt listen --ready-file READY_FILE` writes
#   SIGNING_SECRET=… API_TOKEN=… [URL=http://127.0.0.1:8000] scripts/test_webhook.sh
#
# GROUP (topstep) names the account group, TRIES (15) the seconds to wait for the fill.
# Exit codes: 0 the order is filled or working, 1 it is not, 2 something needed is missing.

set -eu

usage() {
    printf '%s\n' "$1" >&2
    sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
    exit 2
}

# Prints the value of one key of a flat JSON object of strings and numbers.
field() {
    printf '%s' "$2" | tr -d '\n' |
        sed -n 's/.*"'"$1"'"[[:space:]]*:[[:space:]]*"\{0,1\}\([^",}]*\).*/\1/p'
}

# Like field, but of the outer object of an order report, without its list of orders.
outer() {
    field "$1" "$(printf '%s' "$2" | tr -d '\n' | sed 's/"orders"[[:space:]]*:[[:space:]]*\[.*\]//')"
}

for tool in curl openssl; do
    command -v "$tool" >/dev/null 2>&1 || usage "$tool is needed and was not found"
done
if [ $# -gt 0 ]; then
    [ -r "$1" ] || usage "$1 can't be read"
    ready=$(cat "$1")
    URL=$(field url "$ready")
    SIGNING_SECRET=$(field signing_secret "$ready")
    API_TOKEN=$(field api_token "$ready")
fi
URL=${URL:-http://127.0.0.1:8000}
GROUP=${GROUP:-topstep}
TRIES=${TRIES:-15}
[ -n "${SIGNING_SECRET:-}" ] || usage "no signing secret: set SIGNING_SECRET or name a ready file"
[ -n "${API_TOKEN:-}" ] || usage "no API token: set API_TOKEN or name a ready file"

body='{"symbol": "ES", "action": "buy", "quantity": 1, "strategy": "test_strategy", "account_group": "'$GROUP'"}'
signature=$(printf '%s' "$body" | openssl dgst -sha256 -hmac "$SIGNING_SECRET" -r | cut -d' ' -f1)

answer=$(curl -sS --max-time 5 -w '\n%{http_code}' -X POST "$URL/webhook/tradingview" \
    -H 'Content-Type: application/json' -H "X-Webhook-Signature: $signature" --data-binary "$body") || exit 1
code=$(printf '%s\n' "$answer" | tail -n 1)
answer=$(printf '%s\n' "$answer" | sed '$d')
printf 'POST /webhook/tradingview -> %s %s\n' "$code" "$answer"
alert_id=$(field alert_id "$answer")
if [ "$code" != 200 ] || [ -z "$alert_id" ]; then
    printf 'the alert was not taken\n' >&2
    exit 1
fi

try=0
status=none
while [ "$try" -lt "$TRIES" ]; do
    # The token goes in by curl's standard input, so that no list of processes shows it.
    report=$(printf 'header = "Authorization: Bearer %s"\n' "$API_TOKEN" |
        curl -sS --max-time 5 -K - "$URL/api/v1/orders/$alert_id") || exit 1
    status=$(outer status "$report")
    case $status in
    filled | canceled | refused | unknown) break ;;
    esac
    try=$((try + 1))
    sleep 1
done
printf 'GET /api/v1/orders/%s -> %s\n' "$alert_id" "$report"

symbol=$(outer symbol "$report")
quantity=$(outer quantity "$report")
if [ "$symbol" != ES ] || [ "$quantity" != 1 ]; then
    printf 'expected symbol ES and quantity 1, saw %s and %s\n' "$symbol" "$quantity" >&2
    exit 1
fi
case $status in
filled | working) printf 'passed: the order is %s\n' "$status" ;;
*)
    printf 'failed: the order is %s\n' "${status:-not known}" >&2
    exit 1
    ;;
esac
