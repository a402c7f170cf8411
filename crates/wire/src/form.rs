//! The forms that texts of the contract have to have: each published pattern as a small function
//! that matches the whole text.
//!
//! Some published patterns are not anchored; what counts here is the syntax that they mean. Names
//! of projects and organizations may contain spaces, which the published pattern leaves out and
//! the service itself uses (`Project 0`).

/// Longest text that is taken where the contract names no limit, in bytes.
pub const TEXT_BYTES_MAX: usize = 4096;

/// A form of text and how it is called in messages.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// Whether a text has the form.
    pub matches: fn(&str) -> bool,
    /// Completes the sentence "it must be …".
    pub expects: &'static str,
}

/// Any text.
pub const TEXT: Form = Form {
    matches: |text| text.len() <= TEXT_BYTES_MAX,
    expects: "a string of at most 4096 bytes",
};

/// An AWS account.
pub const AWS_ACCOUNT_ID: Form = Form {
    matches: |text| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()),
    expects: "the 12 digits of an AWS account",
};

/// A VPC on AWS.
pub const VPC_ID: Form = Form {
    matches: |text| text.strip_prefix("vpc-").is_some_and(|digits| is_hex(digits, 17)),
    expects: "`vpc-` and 17 lower-case hexadecimal digits",
};

/// A region of AWS in the cloud's own form, or in the contract's.
pub const CLOUD_REGION: Form = Form {
    matches: |text| {
        text.len() <= 32
            && text.contains(['-', '_'])
            && text
                .split(['-', '_'])
                .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric()))
    },
    expects: "a region of AWS in its own form, such as us-east-1",
};

/// A UUID, in any case.
pub const UUID: Form = Form {
    matches: |text| {
        let lengths = [8, 4, 4, 4, 12];
        let parts = || text.split('-');
        parts().count() == lengths.len()
            && parts().zip(lengths).all(|(part, length)| {
                part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit())
            })
    },
    expects: "a UUID",
};

/// A resource group or a virtual network on Azure.
pub const AZURE_NAME: Form = Form {
    matches: |text| {
        (1..=TEXT_BYTES_MAX).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.()".contains(&byte))
    },
    expects: "letters, digits and - _ . ( )",
};

/// A GCP project.
pub const GCP_PROJECT_ID: Form = Form {
    matches: |text| (6..=30).contains(&text.len()) && is_gcp_name(text),
    expects: "6 to 30 lower-case letters, digits and dashes that begin with a letter \
              and do not end with a dash",
};

/// A VPC network on GCP.
pub const GCP_NETWORK_NAME: Form = Form {
    matches: |text| (1..=64).contains(&text.len()) && is_gcp_name(text),
    expects: "1 to 64 lower-case letters, digits and dashes that begin with a letter \
              and do not end with a dash",
};

/// The name of a project or an organization.
pub const NAME: Form = Form {
    matches: |text| {
        (1..=64).contains(&text.chars().count())
            && text.trim() == text
            && text.chars().all(|c| c.is_alphanumeric() || " -_.(),:&@+'".contains(c))
    },
    expects: "1 to 64 letters, digits, spaces and - _ . ( ) , : & @ + '",
};

/// The name of a team.
pub const TEAM_NAME: Form = Form {
    matches: |text| {
        (1..=64).contains(&text.chars().count())
            && text.trim() == text
            && !text.contains(char::is_control)
    },
    expects: "a string of 1 to 64 characters",
};

/// The name of a service account.
pub const SERVICE_ACCOUNT_NAME: Form = Form {
    matches: |text| is_plain_text(text, 64),
    expects: "1 to 64 letters, digits, spaces and - _ . , '",
};

/// What a service account is for.
pub const SERVICE_ACCOUNT_DESCRIPTION: Form = Form {
    matches: |text| is_plain_text(text, 250),
    expects: "1 to 250 letters, digits, spaces and - _ . , '",
};

/// What an API key is for.
pub const DESCRIPTION: Form = Form {
    matches: |text| (1..=250).contains(&text.chars().count()),
    expects: "a string of 1 to 250 characters",
};

/// The key or the value of a tag.
pub const TAG: Form = Form {
    matches: |text| (1..=255).contains(&text.chars().count()),
    expects: "a string of 1 to 255 characters",
};

/// A comment on an entry of an access list.
pub const COMMENT: Form = Form {
    matches: |text| text.chars().count() <= 80,
    expects: "a string of at most 80 characters",
};

/// A security group on AWS, perhaps with its account.
pub const AWS_SECURITY_GROUP: Form = Form {
    matches: |text| {
        let group = match text.split_once('/') {
            Some((account, _)) if !account.bytes().all(|byte| byte.is_ascii_digit()) => {
                return false;
            }
            Some((_, group)) => group,
            None => text,
        };
        group.strip_prefix("sg-").is_some_and(|digits| {
            (1..=64).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit())
        })
    },
    expects: "`sg-` and hexadecimal digits, such as sg-0026348ec11780bd1",
};

/// One IPv4 or IPv6 address.
pub const IP_ADDRESS: Form = Form {
    matches: |text| text.parse::<core::net::IpAddr>().is_ok(),
    expects: "an IPv4 or IPv6 address",
};

/// The address of a person: one `@` with something on both sides and no space.
pub const EMAIL: Form = Form {
    matches: |text| {
        text.len() <= 254
            && !text.contains(|c: char| c.is_whitespace() || c.is_control())
            && text.split_once('@').is_some_and(|(user, domain)| {
                !user.is_empty() && !domain.is_empty() && !domain.contains('@')
            })
    },
    expects: "an email address",
};

/// The public half of an API key.
pub const PUBLIC_KEY: Form = Form {
    matches: |text| text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_alphanumeric()),
    expects: "the 8 characters of a public API key",
};

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_gcp_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
        && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

fn is_plain_text(text: &str, length_max: usize) -> bool {
    (1..=length_max).contains(&text.chars().count())
        && text.chars().all(|c| c.is_alphanumeric() || " -_.,'".contains(c))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(form: Form, taken: &[&str], refused: &[&str]) {
        for text in taken {
            assert!((form.matches)(text), "{text:?} is {}", form.expects);
        }
        for text in refused {
            assert!(!(form.matches)(text), "{text:?} is not {}", form.expects);
        }
    }

    /// CONTRACT §2: the published patterns of a peering's fields.
    #[test]
    fn the_forms_of_a_peering() {
        check(
            AWS_ACCOUNT_ID,
            &["012345678901"],
            &["", "01234567890", "0123456789012", "01234567890a"],
        );
        check(
            VPC_ID,
            &["vpc-0abc123def4567890"],
            &["vpc-0abc1234", "vpc-0ABC123def4567890", "0abc123def4567890"],
        );
        check(
            CLOUD_REGION,
            &["us-east-1", "US_EAST_1", "us-gov-west-1"],
            &["", "mars", "us--1", "us east-1", "-", "é-1"],
        );
        check(
            UUID,
            &["6b4f0f5e-8d31-4b5f-9d0a-0f1e2d3c4b5a", "6B4F0F5E-8D31-4B5F-9D0A-0F1E2D3C4B5A"],
            &["", "6b4f0f5e8d314b5f9d0a0f1e2d3c4b5a", "6b4f0f5e-8d31-4b5f-9d0a-0f1e2d3c4b5g"],
        );
        check(AZURE_NAME, &["my_group-(1).x"], &["", "a b", "a/b", "é"]);
        check(
            GCP_PROJECT_ID,
            &["my-project-1", "abcdef"],
            &["abcde", "1bcdef", "abcde-", "Abcdef", "abc_def"],
        );
        check(GCP_NETWORK_NAME, &["a", "default", "a-b-1"], &["", "1a", "a-", "A"]);
    }

    #[test]
    fn the_forms_of_its_neighbours() {
        check(NAME, &["demo", "Project 0", "Ünï(1),:&@+'"], &["", " a", "a/b", "a!"]);
        check(SERVICE_ACCOUNT_NAME, &["ci, o'n_1"], &["", "a@b"]);
        check(
            AWS_SECURITY_GROUP,
            &["sg-0026348ec11780bd1", "123/sg-00"],
            &["", "sg-", "x/sg-00", "sg-zz"],
        );
        check(IP_ADDRESS, &["10.0.0.1", "::1"], &["10.0.0.1/32", "x", "010.0.0.1"]);
        check(EMAIL, &["a@b.c"], &["", "a", "@b", "a@", "a b@c", "a@b@c"]);
        check(PUBLIC_KEY, &["abcdefgh"], &["abcdefg", "abcdefg!"]);
    }

    proptest! {
        #[test]
        fn no_text_makes_a_form_panic(text in ".{0,70}") {
            for form in [
                TEXT, AWS_ACCOUNT_ID, VPC_ID, CLOUD_REGION, UUID, AZURE_NAME, GCP_PROJECT_ID,
                GCP_NETWORK_NAME, NAME, SERVICE_ACCOUNT_NAME, SERVICE_ACCOUNT_DESCRIPTION,
                DESCRIPTION, TAG, COMMENT, AWS_SECURITY_GROUP, IP_ADDRESS, EMAIL, PUBLIC_KEY,
            ] {
                let _ = (form.matches)(&text);
            }
        }
    }
}
