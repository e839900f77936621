//! The quirks of registries that people use, by product.

use super::quirk::Quirk;

/// A product with the habits that it is known for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The name of the product.
    pub product: &'static str,
    /// Its habits, and how they are known.
    pub habits: &'static [(Quirk, Source)],
}

/// How a habit is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The product's issue tracker or documentation tells of it.
    Reported(&'static str),
    /// From hearsay; a test against the product itself would have to confirm it.
    Unverified,
}

use Source::{Reported, Unverified};

const MIB: usize = 1024 * 1024;

impl Profile {
    /// All products.
    pub const ALL: &[Self] = &[
        Self {
            product: "Amazon ECR",
            habits: &[
                (Quirk::NoReferrers, Reported("aws/containers-roadmap#2783: 405 on some referrers")),
                (Quirk::LocationWithQuery, Unverified),
                (Quirk::NoMount, Unverified),
                (Quirk::ChunkMinimum(5 * MIB), Unverified),
            ],
        },
        Self {
            product: "Google Artifact Registry",
            habits: &[
                (Quirk::NoNested, Reported("rules_oci#241: gcr.io refuses nested indexes")),
                (Quirk::LocationWithQuery, Unverified),
            ],
        },
        Self { product: "Azure Container Registry", habits: &[(Quirk::NoDigestHeader, Unverified)] },
        Self {
            product: "Quay",
            habits: &[
                (Quirk::NoNested, Reported("acorn#951: nested indexes are refused")),
                (Quirk::NoMount, Unverified),
            ],
        },
        Self { product: "GitHub Container Registry", habits: &[(Quirk::NoReferrers, Unverified)] },
        Self { product: "Docker Hub", habits: &[(Quirk::NoReferrers, Unverified)] },
        Self { product: "Harbor", habits: &[(Quirk::LocationAbsolute, Unverified)] },
        Self { product: "GitLab", habits: &[(Quirk::NoMount, Unverified)] },
        Self {
            product: "Artifactory",
            habits: &[
                (Quirk::LocationWithQuery, Unverified),
                (Quirk::NoDigestHeader, Unverified),
                (Quirk::Put200, Unverified),
            ],
        },
        Self {
            product: "Nexus",
            habits: &[
                (Quirk::NoOci, Unverified),
                (Quirk::Put200, Unverified),
                (Quirk::RangeOffByOne, Unverified),
            ],
        },
    ];
}
