#!/bin/bash
# On macOS: sign-macos.sh <Hairline zip> <output folder>
# Signs with CERTIFICATE (a .p12 in base64), PASSWORD and IDENTITY, and notarizes with APPLE_ID, APPLE_TEAM and
# APPLE_PASSWORD. Without a certificate it signs ad hoc, which lets the app start but does not satisfy Gatekeeper.
set -euo pipefail
zip=$1
out=$2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
keychain="$work/signing.keychain-db"
trap 'security delete-keychain "$keychain" 2>/dev/null || true; rm -rf "$work"' EXIT
mkdir -p "$out"
ditto -x -k "$zip" "$work/files"
app="$work/files/Hairline.app"

identity=-
options=()
if [ -n "${CERTIFICATE:-}" ]; then
  identity=$IDENTITY
  options=(--timestamp --options runtime --keychain "$keychain")
  echo "$CERTIFICATE" | base64 --decode > "$work/certificate.p12"
  secret=$(uuidgen)
  security create-keychain -p "$secret" "$keychain"
  security unlock-keychain -p "$secret" "$keychain"
  security import "$work/certificate.p12" -k "$keychain" -P "$PASSWORD" -T /usr/bin/codesign
  security set-key-partition-list -S apple-tool:,apple: -s -k "$secret" "$keychain" > /dev/null
  security list-keychains -d user -s "$keychain" login.keychain-db
else
  echo 'No certificate: signed ad hoc.'
fi

# The innermost first. Node makes code while it runs, and loads libraries that others have signed.
find "$app" -type f \( -name '*.node' -o -name '*.dylib' \) -print0 |
  xargs -0 codesign --force --sign "$identity" ${options[@]+"${options[@]}"}
codesign --force --sign "$identity" ${options[@]+"${options[@]}"} --entitlements "$here/node.entitlements" "$app/Contents/MacOS/node"
codesign --force --sign "$identity" ${options[@]+"${options[@]}"} "$app"

result="$out/$(basename "$zip")"
pack() { (cd "$work/files" && ditto -c -k --sequesterRsrc . "$work/result.zip") && mv "$work/result.zip" "$result"; }
pack
if [ -n "${CERTIFICATE:-}" ] && [ -n "${APPLE_ID:-}" ]; then
  xcrun notarytool submit "$result" --apple-id "$APPLE_ID" --team-id "$APPLE_TEAM" --password "$APPLE_PASSWORD" --wait
  xcrun stapler staple "$app"
  pack
fi

# As users get it, by a program that knows nothing of extended attributes.
unzip -q "$result" -d "$work/again"
codesign --verify --deep --strict "$work/again/Hairline.app"
