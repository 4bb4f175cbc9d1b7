import type { DeviceTree, DeviceTreeNode, Property } from '@trapline/devicetree';
import { type DiagnosticCode, diagnostic, type TreeDiagnostic } from './diagnostics.js';

/** A CPU as the tree describes it. */
export interface InspectedCpu {
  readonly path: string;
  /** `reg` in hexadecimal: the affinity fields of MPIDR, without its bit 31. Null where `reg` cannot be read. */
  readonly mpidr: string | null;
  /** `enable-method`; null where there is none. */
  readonly enableMethod: string | null;
}

/** MPIDR_EL1 bit 31 is RES1 and no affinity (DDI 0487); `reg` must not have it (cpus.yaml). */
const BIT_31 = 1n << 31n;

/** Aff3 in bits 39:32 and Aff2 to Aff0 in bits 23:0. */
const AFFINITY = 0xff_00ff_ffffn;

/** The CPUs under /cpus, and what is wrong with them. Linux's cpus.yaml; DTSpec 0.4, 3.8. */
export function inspectCpus(
  tree: DeviceTree,
  usablePsci: boolean,
): { readonly cpus: InspectedCpu[]; readonly diagnostics: TreeDiagnostic[] } {
  const parent = tree.root.child('cpus');
  const cpus: InspectedCpu[] = [];
  const diagnostics: TreeDiagnostic[] = [];
  if (parent === undefined) return { cpus, diagnostics };
  const report = (node: DeviceTreeNode, code: DiagnosticCode, message: string): void => {
    diagnostics.push({ ...diagnostic(code, message), path: node.path });
  };
  const cells = cellsOf(parent);
  const byReg = new Map<bigint, string>();
  let byPsci = 0;
  const misnamed: string[] = [];
  for (const node of parent.children) {
    if (!isCpu(node)) continue;
    const reg = readReg(node, cells, report);
    if (reg !== undefined) {
      checkReg(node, reg, byReg, report);
      if (isMisnamed(node, reg)) misnamed.push(`${node.path} has reg 0x${reg.toString(16)}`);
    }
    const enableMethod = readEnableMethod(node, report);
    if (enableMethod === 'psci') byPsci++;
    cpus.push({
      path: node.path,
      mpidr: reg === undefined ? null : `0x${(reg & ~BIT_31).toString(16)}`,
      enableMethod,
    });
  }
  if (misnamed.length > 0) {
    const what = `${misnamed.length} CPUs are not named by their reg: ${misnamed[0]}; PSCI calls go by reg`;
    report(parent, 'cpu-unit-address', misnamed.length === 1 ? `a CPU is not named by its reg: ${misnamed[0]}` : what);
  }
  if (byPsci > 0 && !usablePsci) {
    const who = byPsci === 1 ? '1 CPU is' : `${byPsci} CPUs are`;
    const what = `${who} enabled by "psci", and the tree has no usable PSCI node: firmware has to add one`;
    report(parent, 'psci-missing', what);
  }
  return { cpus, diagnostics };
}

type Report = (node: DeviceTreeNode, code: DiagnosticCode, message: string) => void;

/** As Linux picks them: by `device_type`, or by name in trees that have none. */
function isCpu(node: DeviceTreeNode): boolean {
  if (node.baseName === 'cpu') return true;
  const type = node.property('device_type');
  return type?.isStrings === true && type.strings()[0] === 'cpu';
}

function readReg(node: DeviceTreeNode, cells: number | undefined, report: Report): bigint | undefined {
  const property = node.property('reg');
  if (property === undefined) {
    report(node, 'cpu-reg-missing', 'reg is missing; it has to be the affinity of the CPU (MPIDR)');
    return undefined;
  }
  if (cells === undefined || property.length !== 4 * cells) {
    const wanted = cells === undefined ? '1 or 2 cells, and #address-cells of /cpus says otherwise' : `${cells} cells`;
    report(node, 'cpu-reg-malformed', `reg has ${property.length} bytes where it has to have ${wanted}`);
    return undefined;
  }
  return property.number(0, cells);
}

function checkReg(node: DeviceTreeNode, reg: bigint, byReg: Map<bigint, string>, report: Report): void {
  if ((reg & ~AFFINITY) !== 0n) {
    const what = `reg 0x${reg.toString(16)} has bits outside the affinity fields of MPIDR (39:32 and 23:0)`;
    report(node, 'cpu-reg-reserved', what);
  }
  const first = byReg.get(reg);
  if (first === undefined) byReg.set(reg, node.path);
  else report(node, 'cpu-reg-duplicate', `reg 0x${reg.toString(16)} is also that of ${first}`);
}

function isMisnamed(node: DeviceTreeNode, reg: bigint): boolean {
  const unit = node.unitAddress;
  return unit !== undefined && unit.toLowerCase() !== reg.toString(16);
}

function readEnableMethod(node: DeviceTreeNode, report: Report): string | null {
  const property = node.property('enable-method');
  if (property === undefined) return null;
  const method = property.isStrings ? property.strings()[0] : undefined;
  if (method === undefined) report(node, 'property-malformed', 'enable-method is no string');
  return method ?? null;
}

/** `#address-cells` of /cpus, where it is one that CPUs can have. */
function cellsOf(parent: DeviceTreeNode): number | undefined {
  const property: Property | undefined = parent.property('#address-cells');
  if (property === undefined) return 2;
  const cells = property.length === 4 ? property.u32() : 0;
  return cells === 1 || cells === 2 ? cells : undefined;
}
