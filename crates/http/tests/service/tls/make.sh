#!/bin/sh
# Made the certificates of clients that the tests show, with keys that open nothing else, and lists of those that are revoked. The keys of the authorities are thrown
# away, so that nobody can add to what they vouch for.
set -eu
settings='[ca]
default_ca = it
[it]
database = index
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
default_crl_days = 1
crlnumber = number
crl_extensions = list
[list]
authorityKeyIdentifier = keyid
[any]
commonName = supplied
[authority]
basicConstraints = critical,CA:TRUE
subjectKeyIdentifier = hash
keyUsage = critical,keyCertSign,cRLSign
[client]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = clientAuth
[server]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = serverAuth
'
new() { # NAME LAST USE HOW...
    name=$1 last=$2 use=$3
    shift 3
    openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out "$name.key.pem"
    printf '[req]\ndistinguished_name = dn\n[dn]\n' | openssl req -config /dev/stdin -new -key "$name.key.pem" \
        -subj "/CN=naqsha test $name" -out "$name.csr"
    printf '%s' "$settings" | openssl ca -config /dev/stdin -batch -notext -in "$name.csr" -out "$name.pem" \
        -startdate 20200101000000Z -enddate "$last" -extensions "$use" "$@"
}
of() { # NAME LAST USE AUTHORITY
    new "$1" "$2" "$3" -cert "$4.pem" -keyfile "$4.key.pem"
}
: >index
echo 01 >number
new authority 21200101000000Z authority -selfsign -keyfile authority.key.pem
new stranger 21200101000000Z authority -selfsign -keyfile stranger.key.pem
of bureau 21200101000000Z client authority
of other 21200101000000Z client authority
of expired 20210101000000Z client authority
of server 21200101000000Z server authority
of strange 21200101000000Z client stranger
of revoked 21200101000000Z client authority
list() { # NAME AUTHORITY
    printf '%s' "$settings" | openssl ca -config /dev/stdin -gencrl -cert "$2.pem" -keyfile "$2.key.pem" \
        -crl_lastupdate 20200101000000Z -crl_nextupdate 21200101000000Z -out "$1.crl.pem"
}
list none authority
list others stranger
printf '%s' "$settings" | openssl ca -config /dev/stdin -revoke revoked.pem -cert authority.pem -keyfile authority.key.pem
list one authority
rm -f index* number* ./*.csr [0-9A-F]*[0-9A-F].pem authority.key.pem stranger.key.pem stranger.pem
