import type { Diagnostic, TreeDiagnostic, TreeInspection } from '@trapline/core/inspection';

/** One file in the array that `inspect --json` prints. */
export interface JsonReport {
  readonly file: string;
  readonly interfaces: readonly JsonInterface[];
  readonly cpus: readonly {
    readonly path: string;
    readonly mpidr: string | null;
    readonly enableMethod: string | null;
  }[];
  /** Findings that belong to no interface; only where there are any. */
  readonly diagnostics?: readonly TreeDiagnostic[];
  /** Why the file could not be read; only where it could not. `interfaces` and `cpus` are then empty. */
  readonly error?: string;
}

/** One interface node of a {@link JsonReport}. */
interface JsonInterface {
  readonly path: string;
  readonly compatible: readonly string[];
  readonly interface: string;
  readonly version: string | null;
  readonly conduit: string | null;
  readonly conduitSource: string | null;
  readonly driver: string | null;
  readonly diagnostics: readonly Diagnostic[];
}

/** A file that was read. */
export function jsonReport(file: string, inspection: TreeInspection): JsonReport {
  const { interfaces, cpus, diagnostics } = inspection;
  return {
    file,
    interfaces: interfaces.map((found) => ({
      path: found.path,
      compatible: found.compatible,
      interface: found.interface,
      version: found.version,
      conduit: found.conduit,
      conduitSource: found.conduitSource,
      driver: found.driver,
      diagnostics: found.diagnostics,
    })),
    cpus,
    ...(diagnostics.length > 0 && { diagnostics }),
  };
}

/** A file that could not be read. */
export function jsonFailure(file: string, error: string): JsonReport {
  return { file, interfaces: [], cpus: [], error };
}
