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

at=$here
while [ -n "$at" ]; do
  if [ -d "$at/node_modules/deno" ]; then
    package=$(CDPATH='' cd -P "$at/node_modules/deno" && pwd)
    for deno in "$package/node_modules/@deno/"*"/deno" "${package%/*}/@deno/"*"/deno"; do
      [ -x "$deno" ] && exec "$deno" run -A --unstable-worker-options "$here/main.js" "$@"
    done
  fi
  at=${at%/*}
done
command -v deno > /dev/null && exec deno run -A --unstable-worker-options "$here/main.js" "$@"
echo 'troupe needs Deno, and there is none beside it: npm install deno' >&2
exit 2
*/
