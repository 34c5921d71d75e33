/**
 * Owns the words of how an artifact comes to be: where it goes, what is ready to be put there, and what lies there then.
 * It holds no code.
 *
 * @module
 */
import type { TaskFailure } from "../../graph/failure.ts";
import type { Stamp } from "../machine/stamp.ts";
import type { BlobPlace } from "./blobs.ts";
import type { Deed, DeedAnswer } from "./deed.ts";

/** An artifact in place, why it is not, or what is still to be done for it. */
export type Publication = WriteOutcome | { readonly ready: Ready };

/** An artifact in place, or why it is not. */
export type WriteOutcome = { readonly published: readonly PublishedArtifact[] } | { readonly failure: TaskFailure };

/** An artifact that is whole, durable and checked. */
export interface Ready {
  /** Path of the artifact, relative to the config's folder. */
  readonly name: string;
  readonly deed: Deed;
  /** Called once, with what came of the deed. */
  readonly settle: (answer: DeedAnswer) => WriteOutcome;
}

/** Where an artifact goes. */
export interface ArtifactTarget {
  /** Absolute path of the config's folder. */
  readonly folder: string;
  /** Absolute path of the artifact. */
  readonly path: string;
  /** The same as the user wrote it, for messages. */
  readonly name: string;
  /** Absolute path of the temporary file. */
  readonly temporary: string;
  /** SHA-256 the artifact must have; 64 hex digits. */
  readonly expectedSha256?: string;
  /** Asked between the pieces of a large file whether anybody still wants the artifact; default somebody does. */
  readonly isUnwanted?: () => boolean;
  /** Whether another thread does the last step, if it may be done; by default it is done at once. */
  readonly asksPermit?: boolean;
  /** Whether its name is made durable later, by somebody else; default at once. */
  readonly syncsLater?: boolean;
  /** Where its content is put as well, once it is in its place; default nowhere. */
  readonly blobs?: BlobPlace;
}

/** An artifact in place: content digest and the look by which it is known again. */
export interface Published extends Stamp {
  readonly sha256: string;
  /** Whether its content is in the store, or why it could not be put there; absent where it was not to be. */
  readonly stored?: true | string;
}

/** The same with its path, relative to the config's folder. */
export interface PublishedFile extends Published {
  readonly path: string;
  /** It was matched by a glob before its task was done, which left it alone: it is part of the artifact, and not made. */
  readonly isFound?: true;
}

/** A folder in place. */
export interface PublishedFolder {
  readonly path: string;
  /** Its listing; the digest is of that. */
  readonly tree: string;
  readonly sha256: string;
  /** Bytes of all files. */
  readonly size: number;
  /** All files in it, by their paths in it. */
  readonly files: readonly PublishedFile[];
  readonly stored?: Published["stored"];
}

/** One artifact in place. */
export type PublishedArtifact = PublishedFile | PublishedFolder;
