import { defineOperations } from '../operation.js';
import {
  xenBuildId,
  xenCapabilitiesInfo,
  xenChangesetInfo,
  xenCommandline,
  xenCompileInfo,
  xenDomainHandle,
  xenExtraversion,
  xenFeatureInfo,
  xenPlatformParameters,
} from '../structures/version.js';

const source = 'public/version.h';

/** HYPERVISOR_xen_version. */
export const versionOperations = defineOperations('xenVersion', [
  { command: 0, name: 'version', direction: 'none', since: '3.0', source },
  { command: 1, name: 'extraversion', structure: xenExtraversion, direction: 'out', since: '3.0', source },
  { command: 2, name: 'compileInfo', structure: xenCompileInfo, direction: 'out', since: '3.0', source },
  { command: 3, name: 'capabilities', structure: xenCapabilitiesInfo, direction: 'out', since: '3.0', source },
  { command: 4, name: 'changeset', structure: xenChangesetInfo, direction: 'out', since: '3.0', source },
  { command: 5, name: 'platformParameters', structure: xenPlatformParameters, direction: 'out', since: '3.0', source },
  { command: 6, name: 'getFeatures', structure: xenFeatureInfo, direction: 'inout', since: '3.0', source },
  { command: 7, name: 'pagesize', direction: 'none', since: '3.0', source },
  { command: 8, name: 'guestHandle', structure: xenDomainHandle, direction: 'out', since: '3.0', source },
  { command: 9, name: 'commandline', structure: xenCommandline, direction: 'out', since: '3.3', source },
  { command: 10, name: 'buildId', structure: xenBuildId, direction: 'inout', since: '4.7', source },
]);
