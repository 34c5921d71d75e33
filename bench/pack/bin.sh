#!/bin/sh
":" /*
# A shell that reads this finds the Deno that was installed beside troupe and becomes it. Deno itself reads what follows.
self=$0
while [ -L "$self" ]; do
  link=$(readlink "$self")
  case $link in
    /*) self=$link ;;
    *) self=${self%/*}"/$link" ;;
  esac
done
here=$(CDPATH='' cd -P "${self%/*}" && pwd)

# From a program that lies in the project Deno finds the project's configuration, from others it does not.
config=
case $PWD/ in
  "${here%%/node_modules/*}"/*) ;;
  *)
    at=$PWD
    while [ -n "$at" ] && [ -z "$config" ]; do
      for name in deno.json deno.jsonc; do
        [ -z "$config" ] && [ -f "$at/$name" ] && config=$at/$name
      done
      at=${at%/*}
    done
    ;;
esac
become() {
  deno=$1
  shift
  # a newer Deno is nothing that a user of troupe has to know of
  DENO_NO_UPDATE_CHECK=1 exec "$deno" run -A --unstable-worker-options ${config:+"--config=$config"} "$here/main.js" "$@"
}

at=$here
while [ -n "$at" ]; do
  if [ -d "$at/node_modules/deno" ]; then
    package=$(CDPATH='' cd -P "$at/node_modules/deno" && pwd)
    for deno in "$package/node_modules/@deno/"*"/deno" "${package%/*}/@deno/"*"/deno"; do
      [ -x "$deno" ] && become "$deno" "$@"
    done
  fi
  at=${at%/*}
done
command -v deno > /dev/null && become deno "$@"
echo 'troupe needs Deno, and there is none beside it: npm install deno' >&2
exit 2
*/
