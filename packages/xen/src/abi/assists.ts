/** VMASST_CMD_*: commands of vm_assist (public/xen.h). */
export const VM_ASSIST_ENABLE = 0;
export const VM_ASSIST_DISABLE = 1;

/** VMASST_TYPE_*: the only assist that ARM has. */
export const RUNSTATE_UPDATE_FLAG = 5;
