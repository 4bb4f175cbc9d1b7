#!/bin/busybox sh
# Process 1 of the guests that are booted here: does what the kernel's command line asks (trapline.NAME), powers off.
/bin/busybox mkdir -p /proc /sys /dev /tmp
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev 2>/dev/null
say() { echo "GUEST: $*"; }
end=poweroff

say "$(uname -srm), $(cat /sys/devices/system/cpu/online) online"
for word in $(cat /proc/cmdline); do
  case "$word" in
  trapline.calls)
    dmesg | grep -iE 'psci|smccc|smp: brought|kvm|xen' | while read -r line; do say "${line#*] }"; done
    ;;
  trapline.hotplug)
    cpus=/sys/devices/system/cpu
    for cpu in "$cpus"/cpu[1-9]*; do
      echo 0 >"$cpu/online" && say "${cpu##*/} off: $(cat $cpus/online)"
      echo 1 >"$cpu/online" && say "${cpu##*/} on: $(cat $cpus/online)"
    done
    ;;
  trapline.idle)
    for state in /sys/devices/system/cpu/cpu0/cpuidle/state*; do
      say "idle $(cat "$state/name") entered: $([ "$(cat "$state/usage")" -gt 0 ] && echo yes || echo no)"
    done
    ;;
  trapline.kvm)
    say "clock: $(cat /sys/class/ptp/ptp0/clock_name)"
    for _ in 1 2 3 4 5 6 7 8; do
      [ -e /sys/devices/system/cpu/cpu1/online ] || break
      echo 0 >/sys/devices/system/cpu/cpu1/online
      echo 1 >/sys/devices/system/cpu/cpu1/online
    done
    say "stolen: $(awk '/^cpu /{ print $9 }' /proc/stat) ticks"
    ;;
  trapline.xen)
    read -r typed </sys/hypervisor/uuid && say "uuid $typed"
    balloon=/sys/devices/system/xen_memory/xen_memory0
    was=$(cat $balloon/info/current_kb)
    echo $((was - 32768)) >$balloon/target_kb
    for _ in 1 2 3 4 5 6 7 8 9 10; do
      [ "$(cat $balloon/info/current_kb)" -le $((was - 32768)) ] && break
      sleep 0.2
    done
    say "balloon: $((was - $(cat $balloon/info/current_kb))) KiB given back"
    echo "$was" >$balloon/target_kb
    for _ in 1 2 3 4 5 6 7 8 9 10; do
      [ "$(cat $balloon/info/current_kb)" -ge "$was" ] && break
      sleep 0.2
    done
    say "balloon: $((was - $(cat $balloon/info/current_kb))) KiB missing"
    ;;
  trapline.disk)
    insmod /lib/xen-blkfront.ko
    for _ in 1 2 3 4 5 6 7 8 9 10; do
      [ -b /dev/xvda ] && break
      sleep 0.2
    done
    say "xvda: $(cat /sys/block/xvda/size) sectors, $(dd if=/dev/xvda bs=64k 2>/dev/null | md5sum | cut -c1-32)"
    dd if=/dev/xvda of=/tmp/copy bs=64k count=4 2>/dev/null
    dd if=/tmp/copy of=/dev/xvda bs=4k seek=128 conv=fsync 2>/dev/null
    say "xvda: $(dd if=/dev/xvda bs=64k 2>/dev/null | md5sum | cut -c1-32) written"
    ;;
  trapline.type)
    say types
    read -r typed
    say "typed: $typed"
    ;;
  trapline.shell)
    PS1='trapline# ' setsid cttyhack sh -i
    ;;
  trapline.wait)
    say waits
    sleep 600
    ;;
  trapline.reboot) end=reboot ;;
  trapline.panic)
    echo 1 >/proc/sys/kernel/sysrq
    echo c >/proc/sysrq-trigger
    ;;
  esac
done
say "$end"
"$end" -f
