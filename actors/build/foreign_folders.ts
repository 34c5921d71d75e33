/**
 * Owns what becomes of folders that lie at outputs and that no build has made: they are kept, and told of, since nobody could
 * bring them back. It moves none itself.
 *
 * @module
 */
import { isOneFile } from "../../graph/outputs.ts";
import type { Task } from "../../graph/task.ts";
import { quote } from "../../graph/text.ts";
import { placeToKeep } from "../storage/kept_folders.ts";
import type { OutputPlaces } from "./output_places.ts";

/** By path of an output where such a folder is kept from now on; undefined where there is none, as nearly always. */
export function keptFolders(
  task: Task,
  places: OutputPlaces,
  { folder, tell }: { readonly folder: string; readonly tell?: (sentence: string) => void },
): Readonly<Record<string, string>> | undefined {
  const paths = isOneFile(task.outputs) ? [] : places.foreignFolders(task);
  if (paths.length === 0) return undefined;
  return Object.fromEntries(paths.map((path) => {
    const place = placeToKeep(folder, path);
    tell?.(
      `No build is known to have made what lies at ${quote(path)}, which task ${
        quote(task.name)
      } makes: it is kept as ${quote(place)}`,
    );
    return [path, place];
  }));
}
