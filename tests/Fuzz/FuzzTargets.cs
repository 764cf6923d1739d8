namespace Merpati.Fuzz;

/// <summary>Looks at one input; throws when what it does is not what the target's oracle says.</summary>
internal delegate void FuzzTarget(ReadOnlySpan<byte> input);

internal static class FuzzTargets
{
    /// <summary>Name, as on the command line and of the folder under Corpus, and target.</summary>
    public static IReadOnlyDictionary<string, FuzzTarget> All { get; } = new SortedDictionary<string, FuzzTarget>(StringComparer.Ordinal)
    {
        ["dot-decoding"] = DotDecoding.Run,
        ["imap-commands"] = ImapCommands.Run,
        ["incoming-reports"] = IncomingReports.Run,
        ["message-contents"] = MessageContents.Run,
        ["milter-replies"] = MilterReplies.Run,
        ["mime-structure"] = MimeStructure.Run,
        ["pop3-commands"] = Pop3Commands.Run,
        ["sender-records"] = SenderRecords.Run,
        ["signed-messages"] = SignedMessages.Run,
        ["smtp-client"] = SmtpClientReplies.Run,
        ["smtp-commands"] = SmtpCommands.Run,
        ["tls-policy-texts"] = TlsPolicyTexts.Run,
    };
}
