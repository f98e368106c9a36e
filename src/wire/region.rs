//! AWS Regions: quotas and prices depend on them.

use crate::language::keyword;

keyword! {
    /// An AWS Region ("AWS Regions").
    pub enum Region {
        /// N. Virginia.
        UsEast1 = "us-east-1",
        /// Ohio.
        UsEast2 = "us-east-2",
        /// N. California.
        UsWest1 = "us-west-1",
        /// Oregon.
        UsWest2 = "us-west-2",
        /// Cape Town.
        AfSouth1 = "af-south-1",
        /// Hong Kong.
        ApEast1 = "ap-east-1",
        /// Taipei.
        ApEast2 = "ap-east-2",
        /// Tokyo.
        ApNortheast1 = "ap-northeast-1",
        /// Seoul.
        ApNortheast2 = "ap-northeast-2",
        /// Osaka.
        ApNortheast3 = "ap-northeast-3",
        /// Mumbai.
        ApSouth1 = "ap-south-1",
        /// Hyderabad.
        ApSouth2 = "ap-south-2",
        /// Singapore.
        ApSoutheast1 = "ap-southeast-1",
        /// Sydney.
        ApSoutheast2 = "ap-southeast-2",
        /// Jakarta.
        ApSoutheast3 = "ap-southeast-3",
        /// Melbourne.
        ApSoutheast4 = "ap-southeast-4",
        /// Malaysia.
        ApSoutheast5 = "ap-southeast-5",
        /// New Zealand.
        ApSoutheast6 = "ap-southeast-6",
        /// Thailand.
        ApSoutheast7 = "ap-southeast-7",
        /// Canada, Central.
        CaCentral1 = "ca-central-1",
        /// Calgary.
        CaWest1 = "ca-west-1",
        /// Beijing.
        CnNorth1 = "cn-north-1",
        /// Ningxia.
        CnNorthwest1 = "cn-northwest-1",
        /// Frankfurt.
        EuCentral1 = "eu-central-1",
        /// Zurich.
        EuCentral2 = "eu-central-2",
        /// Stockholm.
        EuNorth1 = "eu-north-1",
        /// Milan.
        EuSouth1 = "eu-south-1",
        /// Spain.
        EuSouth2 = "eu-south-2",
        /// Ireland.
        EuWest1 = "eu-west-1",
        /// London.
        EuWest2 = "eu-west-2",
        /// Paris.
        EuWest3 = "eu-west-3",
        /// Tel Aviv.
        IlCentral1 = "il-central-1",
        /// UAE.
        MeCentral1 = "me-central-1",
        /// Bahrain.
        MeSouth1 = "me-south-1",
        /// Mexico, Central.
        MxCentral1 = "mx-central-1",
        /// São Paulo.
        SaEast1 = "sa-east-1",
        /// GovCloud, East.
        UsGovEast1 = "us-gov-east-1",
        /// GovCloud, West.
        UsGovWest1 = "us-gov-west-1",
    }
}
