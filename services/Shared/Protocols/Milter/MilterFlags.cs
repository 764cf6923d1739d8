namespace Merpati.Protocols.Milter;

/// <summary>What a filter may do to a message (SMFIF_*): offered by the server, taken up by the filter.</summary>
[Flags]
public enum MilterActions : uint
{
    None = 0,
    AddHeaders = 0x01,
    ChangeBody = 0x02,
    AddRecipients = 0x04,
    DeleteRecipients = 0x08,
    ChangeHeaders = 0x10,
    Quarantine = 0x20,
    ChangeFrom = 0x40,
    AddRecipientsWithParameters = 0x80,
    SetMacros = 0x100,

    /// <summary>All of version 6.</summary>
    All = 0x1ff,
}

/// <summary>Which steps a filter does not want to see, and which it does not answer (SMFIP_*).</summary>
[Flags]
public enum MilterSteps : uint
{
    None = 0,
    NoConnect = 0x01,
    NoHelo = 0x02,
    NoMail = 0x04,
    NoRcpt = 0x08,
    NoBody = 0x10,
    NoHeaders = 0x20,
    NoEndOfHeaders = 0x40,
    HeaderUnanswered = 0x80,
    NoUnknown = 0x100,
    NoData = 0x200,

    /// <summary>The filter may say that it wants no more of the body.</summary>
    Skip = 0x400,

    /// <summary>The filter wants to hear of recipients that were refused; not offered.</summary>
    RejectedRecipients = 0x800,
    ConnectUnanswered = 0x1000,
    HeloUnanswered = 0x2000,
    MailUnanswered = 0x4000,
    RcptUnanswered = 0x8000,
    DataUnanswered = 0x10000,
    UnknownUnanswered = 0x20000,
    EndOfHeadersUnanswered = 0x40000,
    BodyUnanswered = 0x80000,

    /// <summary>Values of header fields come with the blank behind the colon, and go back so.</summary>
    LeadingSpace = 0x100000,

    Offered = NoConnect | NoHelo | NoMail | NoRcpt | NoBody | NoHeaders | NoEndOfHeaders | HeaderUnanswered | NoUnknown | NoData | Skip | ConnectUnanswered | HeloUnanswered | MailUnanswered
        | RcptUnanswered | DataUnanswered | UnknownUnanswered | EndOfHeadersUnanswered | BodyUnanswered | LeadingSpace,
}

/// <summary>When macros are sent. The numbers are the protocol's (SMFIM_*).</summary>
public enum MilterStage
{
    Connect = 0,
    Helo = 1,
    Mail = 2,
    Rcpt = 3,
    Data = 4,
    EndOfMessage = 5,
    EndOfHeaders = 6,
}
