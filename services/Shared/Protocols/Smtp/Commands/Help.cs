namespace Merpati.Protocols.Smtp.Commands;

/// <summary>HELP (RFC 5321 §4.1.1.8).</summary>
internal static class Help
{
    public static ValueTask<SmtpReply?> RunAsync(SmtpConnection connection, ReadOnlyMemory<byte> argument, CancellationToken cancellationToken)
    {
        var verbs = SmtpCommand.Table.Where(command => command.IsOffered(connection)).Select(command => command.Verb);
        return ValueTask.FromResult<SmtpReply?>(new SmtpReply(214, "2.0.0", "Commands: " + string.Join(' ', verbs), "See RFC 5321"));
    }
}
