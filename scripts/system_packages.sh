#!/usr/bin/env bash
# Installs what the page tests need: a browser and a Chinese font. Where it may not, it says what to install;
# the tests that need them then skip with that reason.
set -u
need=()
command -v chromium >/dev/null 2>&1 || need+=(chromium)
fc-list ':lang=zh' 2>/dev/null | grep -q . || need+=(fonts-wqy-zenhei)
[ "${#need[@]}" -gt 0 ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  export DEBIAN_FRONTEND=noninteractive
  if apt-get update -qq >/dev/null 2>&1 && apt-get install -y -qq --no-install-recommends "${need[@]}" fontconfig >/dev/null 2>&1; then
    echo "installed ${need[*]}"
    exit 0
  fi
fi
echo "Page tests will be skipped. To run them: sudo apt-get install --no-install-recommends ${need[*]}"
