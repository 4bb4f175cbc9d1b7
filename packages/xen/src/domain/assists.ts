import { RestoreError, type Saved } from '@trapline/core';

/** What a domain has asked Xen to do for it (vm_assist). */
export class Assists {
  /** Whether a copy of a runstate area is marked while Xen writes it (VMASST_TYPE_runstate_update_flag). */
  runstateUpdateFlag = false;

  reset(): void {
    this.runstateUpdateFlag = false;
  }

  save(): Saved {
    return { runstateUpdateFlag: this.runstateUpdateFlag };
  }

  restore(saved: Saved): void {
    const flag = (saved as { readonly runstateUpdateFlag?: Saved } | null)?.runstateUpdateFlag;
    if (typeof flag !== 'boolean') throw new RestoreError('xen: the assists of a domain are `runstateUpdateFlag`');
    this.runstateUpdateFlag = flag;
  }
}
