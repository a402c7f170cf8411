//! What goes wrong on purpose: a permission taken away from the service, requests that are
//! throttled, roles that take effect late. Not part of the world, and not kept.

/// The faults that are in force.
#[derive(Debug, Default)]
pub(super) struct Faults {
    denied: Vec<String>,
    throttled: u32,
    role_lag: u32,
}

impl Faults {
    pub(super) fn deny(&mut self, permission: &str) {
        self.denied.push(permission.to_lowercase());
    }

    pub(super) fn allow_all(&mut self) {
        self.denied.clear();
    }

    pub(super) fn is_denied(&self, permission: &str) -> bool {
        self.denied.contains(&permission.to_lowercase())
    }

    pub(super) fn throttle(&mut self, times: u32) {
        self.throttled = times;
    }

    /// Whether this request is throttled.
    pub(super) fn take_throttling(&mut self) -> bool {
        let throttled = self.throttled > 0;
        self.throttled = self.throttled.saturating_sub(1);
        throttled
    }

    pub(super) fn lag_roles(&mut self, looks: u32) {
        self.role_lag = looks;
    }

    pub(super) fn role_lag(&self) -> u32 {
        self.role_lag
    }
}
