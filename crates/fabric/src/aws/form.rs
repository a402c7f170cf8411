//! Requests in the Query protocol: an action and its parameters, lists flattened with numbers that
//! begin at one. Names are those of the service's model; a test holds each against it.

use url::form_urlencoded::Serializer;

/// Whether a request may change the cloud: what a lost answer to it leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It only looks.
    Look,
    /// It may change something.
    Change,
}

/// A request before it is signed.
#[derive(Clone, PartialEq, Eq)]
pub struct Form {
    /// The action, such as `CreateVpc`.
    pub action: &'static str,
    /// Whether it may change the cloud.
    pub effect: Effect,
    fields: Vec<(String, String)>,
    filters: usize,
}

/// Parameters may hold an external id: only the action is shown.
impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Form").field("action", &self.action).finish_non_exhaustive()
    }
}

impl Form {
    /// A request that only looks.
    #[must_use]
    pub fn look(action: &'static str) -> Self {
        Self { action, effect: Effect::Look, fields: Vec::new(), filters: 0 }
    }

    /// A request that may change something.
    #[must_use]
    pub fn change(action: &'static str) -> Self {
        Self { action, effect: Effect::Change, fields: Vec::new(), filters: 0 }
    }

    /// With one parameter.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.fields.push((name.to_owned(), value.into()));
        self
    }

    /// With a list: `name.1`, `name.2`, …
    #[must_use]
    pub fn list<'a>(mut self, name: &str, values: impl IntoIterator<Item = &'a str>) -> Self {
        for (at, value) in values.into_iter().enumerate() {
            self.fields.push((format!("{name}.{}", at + 1), value.to_owned()));
        }
        self
    }

    /// With one more filter: what is found has one of these values there.
    #[must_use]
    pub fn filter<'a>(mut self, name: &str, values: impl IntoIterator<Item = &'a str>) -> Self {
        self.filters += 1;
        let filter = format!("Filter.{}", self.filters);
        self.with(&format!("{filter}.Name"), name).list(&format!("{filter}.Value"), values)
    }

    /// With tags for what it creates, of the kind that EC2 calls `resource`.
    #[must_use]
    pub fn tagged(self, resource: &str, tags: &[(&str, String)]) -> Self {
        let form = self.with("TagSpecification.1.ResourceType", resource);
        form.tags("TagSpecification.1.Tag", tags)
    }

    /// With a list of keys and values.
    #[must_use]
    pub fn tags(mut self, name: &str, tags: &[(&str, String)]) -> Self {
        for (at, (key, value)) in tags.iter().enumerate() {
            self = self.with(&format!("{name}.{}.Key", at + 1), *key);
            self = self.with(&format!("{name}.{}.Value", at + 1), value);
        }
        self
    }

    /// The body of the request.
    #[must_use]
    pub fn body(&self, version: &str) -> String {
        let mut body = Serializer::new(String::new());
        body.append_pair("Action", self.action).append_pair("Version", version);
        body.extend_pairs(&self.fields);
        body.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_filters_count_from_one() {
        let form = Form::look("DescribeVpcs")
            .list("VpcId", ["vpc-1", "vpc-2"])
            .filter("tag:a b", ["x"])
            .filter("state", ["up", "down"]);
        let expected = "Action=DescribeVpcs&Version=1&VpcId.1=vpc-1&VpcId.2=vpc-2\
                        &Filter.1.Name=tag%3Aa+b&Filter.1.Value.1=x&Filter.2.Name=state\
                        &Filter.2.Value.1=up&Filter.2.Value.2=down";
        assert_eq!(form.body("1"), expected);
    }

    #[test]
    fn parameters_are_not_shown() {
        let form = Form::change("AssumeRole").with("ExternalId", "secret");
        assert!(!format!("{form:?}").contains("secret"));
    }
}
