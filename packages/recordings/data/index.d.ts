export type RecordingName =
  | 'kvm-linux-6.1-cpus'
  | 'kvm-linux-6.1'
  | 'kvm-linux-6.12'
  | 'psci-qemu-7.2-a32-hvc'
  | 'psci-qemu-7.2-hvc'
  | 'psci-tfa-default'
  | 'psci-tfa-full'
  | 'psci-tfa-hooks'
  | 'xen-4.17-dom0'
  | 'xen-4.17-domu-a32'
  | 'xen-4.17-domu'
  | 'xen-4.17-two-domains-silo'
  | 'xen-4.17-two-domains';
export interface CatalogueRow {
  readonly name: RecordingName;
  readonly package: string;
  readonly profile: string;
  readonly oracle: string;
  readonly recorded: string;
  readonly scenarios: number;
  readonly steps: number;
  readonly calls: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly notes: string;
  readonly load: () => Promise<{ readonly gzip: string }>;
}
export declare const catalogue: readonly CatalogueRow[];
