//! What happens to a disk: a small one that is full, one that may not be written to, and calls that
//! fail as they do on a broken one. Each ends with its value.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

use crate::wait::{Seen, until};

/// What is left free on a full disk: less than a few changes take.
const LEFT: u64 = 192 * 1024;
const CHUNK: usize = 64 * 1024;
/// How long a tracer may take to come and to go.
const TRACE: Duration = Duration::from_secs(10);

/// A mount; it ends with this.
#[derive(Debug)]
pub(super) struct Mount(PathBuf);

impl Mount {
    /// A disk of so many MiB, in memory.
    pub(super) fn small(path: &Path, mebibytes: u32) -> anyhow::Result<Self> {
        mount(&["-t", "tmpfs", "-o", &format!("size={mebibytes}m"), "tmpfs"], path)?;
        Ok(Self(path.to_owned()))
    }

    /// The same directory, which may only be read.
    pub(super) fn read_only(path: &Path) -> anyhow::Result<Self> {
        mount(&["--bind", &path.display().to_string()], path)?;
        let mounted = Self(path.to_owned());
        mount(&["-o", "remount,ro,bind"], path)?;
        Ok(mounted)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Lazily: whoever still has a file open there keeps it.
        let _ = std::process::Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn mount(arguments: &[&str], path: &Path) -> anyhow::Result<()> {
    let output = std::process::Command::new("mount").args(arguments).arg(path).output();
    let output = output.context("mount")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "mount {arguments:?}: {} (root may)", said.trim());
    Ok(())
}

/// A file that leaves no room on a disk.
#[derive(Debug)]
pub(super) struct Ballast(PathBuf);

impl Ballast {
    /// Fills a disk but for a little.
    pub(super) fn fill(disk: &Path) -> anyhow::Result<Self> {
        let ballast = Self(disk.join("ballast"));
        let mut file = File::create(&ballast.0)?;
        let chunk = [0_u8; CHUNK];
        let mut size = 0_u64;
        while let Ok(written) = file.write(&chunk) {
            size += written as u64;
        }
        file.set_len(size.saturating_sub(LEFT))?;
        Ok(ballast)
    }
}

impl Drop for Ballast {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Calls of a process that fail with an I/O error, as `strace` makes them.
pub(super) struct IoError {
    tracer: Child,
    traced: Pid,
}

impl IoError {
    /// From now on these calls fail.
    pub(super) async fn begin(traced: Pid, calls: &str) -> anyhow::Result<Self> {
        let tracer = Command::new("strace")
            .args(["-f", "-qq", "-o", "/dev/null"])
            .arg("-e")
            .arg(format!("trace={calls}"))
            .arg("-e")
            .arg(format!("inject={calls}:error=EIO"))
            .args(["-p", &traced.to_string()])
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("strace: install Debian's package strace")?;
        until("the tracer holds every thread", TRACE, async || is_traced(traced, true)).await?;
        Ok(Self { tracer, traced })
    }

    /// They work again.
    pub(super) async fn end(mut self) -> anyhow::Result<()> {
        let id = self.tracer.id().context("the tracer has ended")?;
        let id = Pid::from_raw(i32::try_from(id)?).context("a process without a number")?;
        kill_process(id, Signal::INT)?;
        self.tracer.wait().await?;
        let traced = self.traced;
        until("the tracer let go", TRACE, async || is_traced(traced, false)).await
    }
}

/// Whether every thread of a process is traced, or none.
fn is_traced(process: Pid, wanted: bool) -> anyhow::Result<Seen<()>> {
    for task in std::fs::read_dir(format!("/proc/{process}/task"))? {
        let status = std::fs::read_to_string(task?.path().join("status"))?;
        let tracer = status.lines().find_map(|line| line.strip_prefix("TracerPid:"));
        let is_traced = tracer.is_some_and(|tracer| tracer.trim() != "0");
        if is_traced != wanted {
            return Ok(Seen::NotYet(format!("traced: {is_traced}")));
        }
    }
    Ok(Seen::Holds(()))
}
