//! The settings of a project: twelve switches. Clients fail when one of them is absent.

use serde::Serialize;

use crate::fields::{Fields, ReadError};

macro_rules! switches {
    ($($(#[$doc:meta])* $field:ident = $name:literal, $default:literal;)*) => {
        /// The settings of a project.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
        pub struct GroupSettings {
            $($(#[$doc])* #[serde(rename = $name)] pub $field: bool,)*
        }

        impl Default for GroupSettings {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        /// A request to change settings. What is `None` stays as it is.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct GroupSettingsChange {
            $($(#[$doc])* pub $field: Option<bool>,)*
        }

        impl GroupSettingsChange {
            /// Reads a request.
            ///
            /// # Errors
            /// What the body is not, or every field at fault.
            pub fn read(body: &[u8]) -> Result<Self, ReadError> {
                let mut fields = Fields::parse(body)?;
                let change = Self { $($field: fields.optional($name).boolean(),)* };
                fields.finish()?;
                Ok(change)
            }
            /// The switches that are to change, by their names.
            #[must_use]
            pub fn switches(&self) -> Vec<(&'static str, bool)> {
                let all = [$(($name, self.$field),)*];
                all.into_iter().filter_map(|(name, on)| Some((name, on?))).collect()
            }

            /// A change to what `set` says of each name; `None` leaves a switch alone.
            pub fn of(set: impl Fn(&str) -> Option<bool>) -> Self {
                Self { $($field: set($name),)* }
            }


            /// The settings `old` with this change made.
            #[must_use]
            pub fn apply(&self, old: &GroupSettings) -> GroupSettings {
                GroupSettings { $($field: self.$field.unwrap_or(old.$field),)* }
            }
        }
    };
}

switches! {
    /// The assistant on the home page.
    is_atlas_home_page_ai_assistant_enabled = "isAtlasHomePageAiAssistantEnabled", true;
    /// The assistant of a cluster.
    is_cluster_ai_assistant_enabled = "isClusterAiAssistantEnabled", true;
    /// Statistics of each database.
    is_collect_database_specifics_statistics_enabled =
        "isCollectDatabaseSpecificsStatisticsEnabled", true;
    /// The data explorer.
    is_data_explorer_enabled = "isDataExplorerEnabled", true;
    /// Generated queries in the data explorer.
    is_data_explorer_gen_ai_features_enabled = "isDataExplorerGenAIFeaturesEnabled", true;
    /// Whether generated queries may see sample documents.
    is_data_explorer_gen_ai_sample_document_passing_enabled =
        "isDataExplorerGenAISampleDocumentPassingEnabled", false;
    /// The validation of data.
    is_data_validation_enabled = "isDataValidationEnabled", true;
    /// Larger disks.
    is_extended_storage_sizes_enabled = "isExtendedStorageSizesEnabled", false;
    /// Reranking inside the database.
    is_native_reranking_enabled = "isNativeRerankingEnabled", false;
    /// The advisor on performance.
    is_performance_advisor_enabled = "isPerformanceAdvisorEnabled", true;
    /// The panel with live figures.
    is_realtime_performance_panel_enabled = "isRealtimePerformancePanelEnabled", true;
    /// The advisor on schemas.
    is_schema_advisor_enabled = "isSchemaAdvisorEnabled", true;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::faults;

    /// The switches as they were recorded from the service.
    #[test]
    fn a_new_project_has_the_recorded_settings() {
        assert_eq!(
            serde_json::to_string(&GroupSettings::default()).unwrap(),
            r#"{"isAtlasHomePageAiAssistantEnabled":true,"isClusterAiAssistantEnabled":true,"isCollectDatabaseSpecificsStatisticsEnabled":true,"isDataExplorerEnabled":true,"isDataExplorerGenAIFeaturesEnabled":true,"isDataExplorerGenAISampleDocumentPassingEnabled":false,"isDataValidationEnabled":true,"isExtendedStorageSizesEnabled":false,"isNativeRerankingEnabled":false,"isPerformanceAdvisorEnabled":true,"isRealtimePerformancePanelEnabled":true,"isSchemaAdvisorEnabled":true}"#
        );
    }

    #[test]
    fn a_change_keeps_what_it_leaves_out() {
        let body = br#"{"isSchemaAdvisorEnabled":false,"isDataExplorerEnabled":null}"#;
        let changed = GroupSettingsChange::read(body).unwrap().apply(&GroupSettings::default());
        let expected =
            GroupSettings { is_schema_advisor_enabled: false, ..GroupSettings::default() };
        assert_eq!(changed, expected);
        let body = br#"{"isSchemaAdvisorEnabled":1,"isDataExplorerEnabled":"x"}"#;
        assert_eq!(
            faults(GroupSettingsChange::read(body)),
            ["isDataExplorerEnabled", "isSchemaAdvisorEnabled"]
        );
    }
}
