//! Where a case stands in its course.

use crate::coded::coded;

coded! {
    /// Status of a case: complaint to judgement, with the exits on the way.
    Status, "status" {
        /// A complaint.
        Complaint = "complaint",
        /// Being verified.
        Verification = "verification",
        /// An inquiry.
        Inquiry = "inquiry",
        /// Registered.
        Registered = "registered",
        /// Under investigation.
        UnderInvestigation = "under_investigation",
        /// Interim challan sent to the court.
        ChallanedInterim = "challaned_interim",
        /// Incomplete challan sent to the court.
        ChallanedIncomplete = "challaned_incomplete",
        /// Complete challan sent to the court.
        ChallanedComplete = "challaned_complete",
        /// Under trial.
        Trial = "trial",
        /// Convicted.
        Convicted = "convicted",
        /// Acquitted.
        Acquitted = "acquitted",
        /// Discharged.
        Discharged = "discharged",
        /// Untraced.
        Untraced = "untraced",
        /// Cancelled.
        Cancelled = "cancelled",
        /// Transferred to another agency.
        Transferred = "transferred",
        /// Closed without a case.
        ClosedNoCase = "closed_no_case",
    }
}

impl Status {
    /// Whether a case may go from this status to `next` without a stated reason (C804 otherwise).
    ///
    /// Forward along complaint → verification → inquiry → registered → investigation → challan → trial → judgement, and
    /// out of any open status by an exit. A judgement and an exit are final: leaving them is a re-opening.
    pub fn leads_to(self, next: Self) -> bool {
        self == next || self.rank() < FINAL && self.rank() <= next.rank()
    }

    const fn rank(self) -> u8 {
        match self {
            Self::Complaint => 0,
            Self::Verification => 1,
            Self::Inquiry => 2,
            Self::Registered => 3,
            Self::UnderInvestigation => 4,
            Self::ChallanedInterim | Self::ChallanedIncomplete => 5,
            Self::ChallanedComplete => 6,
            Self::Trial => 7,
            _ => FINAL,
        }
    }
}

/// Rank of judgements and exits.
const FINAL: u8 = 8;

#[cfg(test)]
mod tests {
    use super::Status as S;

    #[test]
    fn a_case_goes_forward_and_out_but_not_back() {
        assert!(S::Registered.leads_to(S::ChallanedComplete));
        assert!(S::ChallanedInterim.leads_to(S::ChallanedIncomplete));
        assert!(S::UnderInvestigation.leads_to(S::Untraced));
        assert!(S::Trial.leads_to(S::Trial));
        assert!(!S::Trial.leads_to(S::UnderInvestigation));
        assert!(
            !S::Untraced.leads_to(S::UnderInvestigation),
            "re-opened: needs a reason"
        );
        assert!(
            !S::Convicted.leads_to(S::Acquitted),
            "on appeal: needs a reason"
        );
    }
}
