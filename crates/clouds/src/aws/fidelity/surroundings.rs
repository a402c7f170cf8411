//! Rules of everything around connections: tags, networks, the protocol, who asks, and faults.

use super::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule {
        rule: "Tags of a connection are seen in the account and region that made them.",
        evidence: "Amazon VPC Peering Guide, limitations",
        test: "tags_of_a_connection_are_seen_where_they_were_made",
    },
    Rule {
        rule: "An object has 50 tags at most, keys of 128 and values of 256 characters, none \
               that begins with aws:.",
        evidence: "Amazon EC2 User Guide, tag restrictions",
        test: "tags_have_their_limits",
    },
    Rule {
        rule: "What is tagged has to exist, and to be of the kind that is made.",
        evidence: "EC2 API Reference, `CreateTags`, `TagSpecification`; EC2 error codes",
        test: "what_is_tagged_has_to_be_there_and_of_its_kind",
    },
    Rule {
        rule: "Tags are deleted by key, by key and value, or all.",
        evidence: "EC2 API Reference, `DeleteTags`",
        test: "tags_are_deleted_by_key_by_value_or_all",
    },
    Rule {
        rule: "A key with an empty value deletes a tag only if its value is empty.",
        evidence: "botocore's service model, `DeleteTags.Tags`",
        test: "a_tag_is_deleted_by_an_empty_value_only_if_it_has_none",
    },
    Rule {
        rule: "A filter with an empty value asks for tags with an empty value.",
        evidence: "Amazon EC2 User Guide, tag restrictions: a value can be empty; the filter is \
                   deduced",
        test: "a_filter_can_ask_for_a_tag_without_a_value",
    },
    Rule {
        rule: "Tags are described by what they are on.",
        evidence: "EC2 API Reference, `DescribeTags`",
        test: "tags_are_described_by_what_they_are_on",
    },
    Rule {
        rule: "A VPC's block has 16 to 28 bits and is taken to its canonical form.",
        evidence: "Amazon VPC User Guide, CIDR blocks; EC2 API Reference, `CreateVpc`",
        test: "a_vpc_has_a_block_of_16_to_28_bits",
    },
    Rule {
        rule: "A VPC is pending and then available.",
        evidence: "EC2 API Reference, `Vpc.state`",
        test: "a_vpc_is_pending_and_then_available",
    },
    Rule {
        rule: "A VPC comes and goes with a main route table, a default security group and a \
               default network ACL.",
        evidence: "Amazon VPC User Guide",
        test: "a_vpc_comes_and_goes_with_its_defaults",
    },
    Rule {
        rule: "A VPC with subnets or tables of its own cannot be deleted.",
        evidence: "EC2 API Reference, `DeleteVpc`; EC2 error codes, `DependencyViolation`",
        test: "a_vpc_with_subnets_or_tables_of_its_own_stays",
    },
    Rule {
        rule: "Subnets are inside their VPC and apart, and five addresses of each are reserved.",
        evidence: "Amazon VPC User Guide, subnets",
        test: "subnets_are_inside_their_vpc_and_apart",
    },
    Rule {
        rule: "A subnet is in a zone of its region.",
        evidence: "EC2 API Reference, `CreateSubnet`",
        test: "a_subnet_is_in_a_zone_of_its_region",
    },
    Rule {
        rule: "A VPC has five blocks at most, apart from each other and from those of its active \
               peers.",
        evidence: "Amazon VPC User Guide, CIDR blocks; Amazon VPC quotas",
        test: "a_vpc_can_have_more_blocks",
    },
    Rule {
        rule: "A VPC is made with DNS support and without DNS hostnames, which need it.",
        evidence: "Amazon VPC User Guide, DNS attributes; EC2 API Reference, `ModifyVpcAttribute`",
        test: "a_vpc_is_made_with_dns_support_and_without_names",
    },
    Rule {
        rule: "A customer's VPC can be put there under an id of its own.",
        evidence: "The emulator's own",
        test: "an_added_vpc_is_there_at_once_under_its_own_id",
    },
    Rule {
        rule: "Answers and errors have the shape of the EC2 Query protocol.",
        evidence: "EC2 API Reference, query requests; botocore's service model",
        test: "answers_and_errors_have_the_shape_of_ec2",
    },
    Rule {
        rule: "A request that says nothing sensible is refused, and so is a parameter that \
               nobody knows.",
        evidence: "EC2 error codes, common client errors",
        test: "a_request_that_says_nothing_sensible_is_refused",
    },
    Rule {
        rule: "A request without a scope of credentials is refused.",
        evidence: "EC2 error codes, `MissingAuthenticationToken`, `IncompleteSignature`, \
                   `AuthFailure`",
        test: "a_request_has_to_say_who_asks",
    },
    Rule {
        rule: "The access key says which account asks; the signature is not verified.",
        evidence: "The emulator's own",
        test: "the_access_key_says_whose_a_vpc_is",
    },
    Rule {
        rule: "A presigned query is a request.",
        evidence: "AWS Signature Version 4",
        test: "a_presigned_request_is_one_too",
    },
    Rule {
        rule: "A dry run looks at the permission and does nothing.",
        evidence: "EC2 error codes, `DryRunOperation`",
        test: "a_dry_run_does_nothing",
    },
    Rule {
        rule: "Whatever a request holds, it is answered in XML.",
        evidence: "The emulator's own",
        test: "no_request_is_without_an_answer",
    },
    Rule {
        rule: "Every filter of the connections counts, with * and ?.",
        evidence: "EC2 API Reference, `DescribeVpcPeeringConnections`; Amazon EC2 User Guide, \
                   filters",
        test: "every_filter_of_connections_counts",
    },
    Rule {
        rule: "A filter that nobody knows is refused.",
        evidence: "EC2, as its clients report it",
        test: "a_filter_that_nobody_knows_is_refused",
    },
    Rule {
        rule: "The filters of networks count.",
        evidence: "EC2 API Reference, the Describe actions",
        test: "every_filter_of_a_vpcs_surroundings_counts",
    },
    Rule {
        rule: "A filter by what all objects have in common here finds them.",
        evidence: "botocore's service model, `Filters` of the Describe actions",
        test: "a_documented_filter_of_what_all_have_finds_it",
    },
    Rule {
        rule: "A documented filter by what does not exist here finds nothing, and is not refused.",
        evidence: "botocore's service model, `Filters` of the Describe actions",
        test: "a_documented_filter_of_what_is_not_here_finds_nothing",
    },
    Rule {
        rule: "Pages follow each other to the end.",
        evidence: "EC2 API Reference, `MaxResults`, `NextToken`",
        test: "pages_follow_each_other_to_the_end",
    },
    Rule {
        rule: "A page has its bounds, and a token belongs to its request.",
        evidence: "EC2 API Reference; EC2 error codes, `InvalidNextToken`",
        test: "a_page_and_its_token_have_their_bounds",
    },
    Rule {
        rule: "Ids that are asked for have to exist and to have their form.",
        evidence: "EC2 error codes",
        test: "ids_that_are_asked_for_have_to_exist",
    },
    Rule {
        rule: "An account has its attributes.",
        evidence: "EC2 API Reference, `DescribeAccountAttributes`",
        test: "an_account_has_its_attributes",
    },
    Rule {
        rule: "Requests can be throttled: RequestLimitExceeded, of STS Throttling.",
        evidence: "Amazon EC2 Developer Guide, request throttling",
        test: "so_many_requests_are_throttled_and_no_more",
    },
    Rule {
        rule: "What was made can be missing from the next descriptions.",
        evidence: "Amazon EC2 Developer Guide, eventual consistency",
        test: "what_is_made_is_missing_from_so_many_descriptions",
    },
    Rule {
        rule: "A permission that the service lacks is refused by its name and object: \
               UnauthorizedOperation.",
        evidence: "EC2 error codes; IAM User Guide, access denied messages",
        test: "a_permission_that_the_service_lacks_is_named",
    },
    Rule {
        rule: "Making something with tags needs ec2:CreateTags too.",
        evidence: "Amazon EC2 User Guide, tag resources during creation",
        test: "making_something_with_tags_needs_the_permission_to_tag",
    },
    Rule {
        rule: "GetCallerIdentity needs no permission.",
        evidence: "AWS STS API Reference, `GetCallerIdentity`",
        test: "everybody_is_told_who_it_is",
    },
    Rule {
        rule: "The session of a role acts in the role's account.",
        evidence: "AWS STS API Reference, `AssumeRole`",
        test: "a_session_acts_in_its_roles_account",
    },
    Rule {
        rule: "A role with an external id is not assumed with another one or none.",
        evidence: "IAM User Guide, the confused deputy problem",
        test: "a_role_with_an_external_id_is_assumed_with_it_and_not_otherwise",
    },
    Rule {
        rule: "A role that nobody added can be assumed by everybody, unless it is the service's \
               own.",
        evidence: "The emulator's own",
        test: "a_role_that_nobody_added_is_for_everybody_outside_the_services_account",
    },
    Rule {
        rule: "A session needs its token and ends.",
        evidence: "AWS STS API Reference; EC2 error codes, `RequestExpired`, `AuthFailure`",
        test: "a_session_ends_and_needs_its_token",
    },
    Rule {
        rule: "A web identity assumes a role without a signature.",
        evidence: "AWS STS API Reference, `AssumeRoleWithWebIdentity`",
        test: "a_web_identity_assumes_a_role_without_a_signature",
    },
    Rule {
        rule: "STS refuses a parameter that is not kept here, such as Policy or Tags.",
        evidence: "The emulator's own; AWS STS API Reference, `AssumeRole`",
        test: "a_session_is_not_made_with_parameters_that_nobody_keeps",
    },
    Rule {
        rule: "A role's ARN has 20 to 2048 characters, a session's name 2 to 64 of letters, \
               digits and _+=,.@-.",
        evidence: "AWS STS API Reference, `AssumeRole`",
        test: "a_role_and_a_session_have_names_of_their_form",
    },
    Rule {
        rule: "What the service may not do, a role that it assumed may not either.",
        evidence: "The emulator's own",
        test: "a_session_of_the_service_lacks_what_the_service_lacks",
    },
];
