using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap;

/// <summary>BODY and BODYSTRUCTURE (RFC 3501 §7.4.2, §9 body).</summary>
internal static class BodyStructureWriter
{
    /// <summary>What a multipart without parts shows: the grammar asks for at least one.</summary>
    private static readonly BodyPart NoPart = new() { Type = "text", Subtype = "plain" };

    /// <param name="extensible">With extension data: BODYSTRUCTURE.</param>
    public static void Structure(this ResponseWriter output, BodyPart part, bool extensible)
    {
        output.Raw("("u8);
        if (part.IsMultipart)
        {
            for (var i = 0; i < part.Children.Count; i++) output.Structure(part.Children[i], extensible);
            if (part.Children.Count == 0) output.Structure(NoPart, extensible);
            output.Raw(" "u8).String(part.Subtype);
            if (extensible) Parameters(output.Raw(" "u8), part.Parameters);
        }
        else
        {
            Single(output, part, extensible);
            if (extensible) output.Raw(" "u8).NString(part.Md5);
        }
        if (extensible) Extension(output, part);
        output.Raw(")"u8);
    }

    private static void Single(ResponseWriter output, BodyPart part, bool extensible)
    {
        output.String(part.Type).Raw(" "u8).String(part.Subtype).Raw(" "u8);
        Parameters(output, part.Parameters);
        output.Raw(" "u8).AsciiHeaderText(part.Id).Raw(" "u8).HeaderText(part.Description).Raw(" "u8).String(part.Encoding).Raw(" "u8).Number(part.BodyLength);
        // message/global is one to clients that know UTF-8 in headers (RFC 9051 §9 media-message, RFC 9755 §6); to others a file like any other (RFC 3501 §9 body-type-msg).
        if (part is { Type: "message", Subtype: "rfc822" } || output.Utf8 && part is { Type: "message", Subtype: "global", IsMessage: true })
        {
            output.Raw(" "u8).Envelope(part.Envelope);
            output.Raw(" "u8).Structure(part.Children.Count > 0 ? part.Children[0] : NoPart, extensible);
            output.Raw(" "u8).Number(part.Lines);
        }
        else if (part.Type == "text")
        {
            output.Raw(" "u8).Number(part.Lines);
        }
    }

    private static void Extension(ResponseWriter output, BodyPart part)
    {
        if (part.Disposition is null)
        {
            output.Raw(" NIL "u8);
        }
        else
        {
            output.Raw(" ("u8).String(part.Disposition).Raw(" "u8);
            Parameters(output, part.DispositionParameters);
            output.Raw(") "u8);
        }
        if (part.Languages.Count == 0)
        {
            output.Raw("NIL"u8);
        }
        else
        {
            output.Raw("("u8);
            for (var i = 0; i < part.Languages.Count; i++) (i > 0 ? output.Raw(" "u8) : output).String(part.Languages[i]);
            output.Raw(")"u8);
        }
        output.Raw(" "u8).AsciiHeaderText(part.Location);
    }

    private static void Parameters(ResponseWriter output, IReadOnlyList<BodyParameter> parameters)
    {
        if (parameters.Count == 0)
        {
            output.Raw("NIL"u8);
            return;
        }
        output.Raw("("u8);
        for (var i = 0; i < parameters.Count; i++) Parameter(i > 0 ? output.Raw(" "u8) : output, parameters[i]);
        output.Raw(")"u8);
    }

    /// <summary>Where ASCII does not do, the charset is named (RFC 2231 §4): octets that only look like UTF-8 are not for clients of IMAP4rev1 (RFC 3501 §4.3.1).</summary>
    private static void Parameter(ResponseWriter output, BodyParameter parameter)
    {
        if (System.Text.Ascii.IsValid(parameter.Value)) output.String(parameter.Name).Raw(" "u8).String(parameter.Value);
        else output.String(parameter.Name + "*").Raw(" "u8).String("utf-8''" + Uri.EscapeDataString(parameter.Value));
    }
}
