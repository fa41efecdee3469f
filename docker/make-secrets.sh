#!/usr/bin/env bash
# Makes the passwords and certificates that compose.yaml mounts, in a folder (secrets/ beside this script by default).
# What exists already is kept, so a file of your own can be put there first. Needs openssl.
set -euo pipefail

folder=${1:-$(dirname "$0")/secrets}
mkdir -p "$folder"
chmod 700 "$folder"
cd "$folder"

password() { # NAME: letters and digits only, because a password is part of the broker's URL
  [[ -e $1 ]] || openssl rand -hex 24 >"$1"
}

password opensearch_admin_password
password opensearch_service_password
password opensearch_worker_password
password grafana_password
password redis_password
password service_secret
[[ -e broker_url ]] || echo "redis://:$(<redis_password)@redis:6379/0" >broker_url

# A key of the service for a shop's server, and its line with the hash, which is all that the service gets;
# `ltr serve --new-key` makes others.
if [[ ! -e service_keys ]]; then
  key=ltr_$(openssl rand -hex 24)
  hash=$(printf %s "$key" | openssl dgst -sha256 -r)
  echo "$key" >service_key
  echo "storefront:search+events:${hash%% *}" >service_keys
fi

certificate_authority() {
  openssl req -x509 -newkey rsa:3072 -noenc -days 3650 -subj "/CN=LTR certificate authority" \
    -addext "keyUsage=critical,keyCertSign,cRLSign" -keyout ca-key.pem -out ca.pem
}

node_certificate() { # the host names are the service's and the ones of a published port
  openssl req -new -newkey rsa:3072 -noenc -subj "/CN=opensearch" -keyout node-key.pem -out node.csr
  openssl x509 -req -in node.csr -CA ca.pem -CAkey ca-key.pem -days 825 -out node.pem -extfile <(
    echo "subjectAltName=DNS:opensearch,DNS:localhost,IP:127.0.0.1"
    echo "extendedKeyUsage=serverAuth,clientAuth"
    echo "keyUsage=critical,digitalSignature,keyEncipherment"
    echo "subjectKeyIdentifier=hash"
    echo "authorityKeyIdentifier=keyid"
  )
  rm node.csr
}

[[ -e ca.pem ]] || certificate_authority 2>openssl.log || { cat openssl.log >&2 && exit 1; }
[[ -e node.pem ]] || node_certificate 2>openssl.log || { cat openssl.log >&2 && exit 1; }
rm -f openssl.log

# A container's user has another id than yours; the folder keeps other users of this machine out.
chmod 444 -- *
chmod 400 ca-key.pem
[[ ! -e service_key ]] || chmod 400 service_key
