namespace Merpati.Mail;

/// <summary>
/// The header fields <c>X-Merpati-…</c>, in which acceptance tells what it found and decided, are for this server and its users: what goes to others is without them. They stand among the fields
/// that we put on top of a message; in the message itself nothing is looked for.
/// </summary>
public static class InternalFields
{
    private static ReadOnlySpan<byte> Prefix => "X-Merpati-"u8;

    /// <param name="ours">The fields that we put on top of a message, whole lines.</param>
    public static ReadOnlyMemory<byte> Remove(ReadOnlyMemory<byte> ours)
    {
        if (ours.Span.IndexOf(Prefix) < 0) return ours;
        var kept = new List<byte>(ours.Length);
        for (var rest = ours.Span; !rest.IsEmpty;)
        {
            var field = rest[..HeaderBlock.FieldLength(rest)];
            rest = rest[field.Length..];
            if (!field.StartsWith(Prefix)) kept.AddRange(field);
        }
        return kept.ToArray();
    }
}
