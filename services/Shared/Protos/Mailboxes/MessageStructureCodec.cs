using Google.Protobuf;

namespace Merpati.Mailboxes.V1;

/// <summary>
/// <see cref="Mailboxes.MessageStructure"/> as the octets of <c>merpati.mailboxes.v1.MessageStructure</c>: how the stores keep it and how it travels.
/// It is written once, through the generated classes, and read with every FETCH of a header item: so reading goes from the octets straight to the records.
/// </summary>
public static class MessageStructureCodec
{
    /// <summary>As deep as protobuf's own parsers go.</summary>
    private const int MaxDepth = 100;

    public static byte[] Encode(Mailboxes.MessageStructure structure)
    {
        var message = new MessageStructure
        {
            Envelope = Encode(structure.Envelope),
            Root = Encode(structure.Root),
            Preview = structure.Preview,
            References = { structure.References },
            RepliesOnly = (uint)structure.RepliesOnly,
            Downgrades = { structure.Downgrades.Select(rewrite => new HeaderRewrite { Offset = rewrite.Offset, Length = rewrite.Length, Lines = rewrite.Lines, Text = rewrite.Text }) },
        };
        if (structure.SentDate is { } sent)
            message.SentDate = new SentDate { UnixMilliseconds = sent.ToUnixTimeMilliseconds(), OffsetMinutes = (int)sent.Offset.TotalMinutes };
        return message.ToByteArray();
    }

    /// <exception cref="InvalidDataException">The octets are not a structure.</exception>
    public static Mailboxes.MessageStructure Decode(ReadOnlySpan<byte> octets)
    {
        Mailboxes.MessageEnvelope? envelope = null;
        Mailboxes.BodyPart? root = null;
        var preview = "";
        List<string>? references = null;
        var repliesOnly = 0;
        DateTimeOffset? sent = null;
        List<Mailboxes.HeaderRewrite>? downgrades = null;
        var reader = new WireReader(octets);
        while (reader.TryReadField(out var field))
        {
            switch (field)
            {
                case MessageStructure.EnvelopeFieldNumber: envelope = DecodeEnvelope(reader.ReadOctets()); break;
                case MessageStructure.RootFieldNumber: root = DecodePart(reader.ReadOctets(), 0); break;
                case MessageStructure.PreviewFieldNumber: preview = reader.ReadString(); break;
                case MessageStructure.ReferencesFieldNumber: (references ??= []).Add(reader.ReadString()); break;
                case MessageStructure.RepliesOnlyFieldNumber: repliesOnly = (int)Math.Clamp(reader.ReadInt64(), 0, int.MaxValue); break;
                case MessageStructure.SentDateFieldNumber: sent = DecodeSentDate(reader.ReadOctets()); break;
                case MessageStructure.DowngradesFieldNumber: (downgrades ??= []).Add(DecodeRewrite(reader.ReadOctets())); break;
                default: reader.Skip(); break;
            }
        }
        return new Mailboxes.MessageStructure
        {
            Envelope = envelope ?? throw new InvalidDataException("A message structure has no envelope."),
            Root = root ?? throw new InvalidDataException("A message structure has no body part."),
            Preview = preview,
            References = List(references),
            RepliesOnly = repliesOnly,
            SentDate = sent,
            Downgrades = List(downgrades),
        };
    }

    private static Mailboxes.HeaderRewrite DecodeRewrite(ReadOnlySpan<byte> octets)
    {
        long offset = 0, length = 0;
        var lines = 0;
        var text = "";
        var reader = new WireReader(octets);
        while (reader.TryReadField(out var field))
        {
            switch (field)
            {
                case HeaderRewrite.OffsetFieldNumber: offset = reader.ReadInt64(); break;
                case HeaderRewrite.LengthFieldNumber: length = reader.ReadInt64(); break;
                case HeaderRewrite.LinesFieldNumber: lines = (int)Math.Clamp(reader.ReadInt64(), 0, int.MaxValue); break;
                case HeaderRewrite.TextFieldNumber: text = reader.ReadString(); break;
                default: reader.Skip(); break;
            }
        }
        return new Mailboxes.HeaderRewrite(offset, length, lines, text);
    }

    private static MessageEnvelope Encode(Mailboxes.MessageEnvelope envelope)
    {
        var message = new MessageEnvelope();
        if (envelope.Date is { } date) message.Date = date;
        if (envelope.Subject is { } subject) message.Subject = subject;
        Encode(envelope.From, message.From);
        Encode(envelope.Sender, message.Sender);
        Encode(envelope.ReplyTo, message.ReplyTo);
        Encode(envelope.To, message.To);
        Encode(envelope.Cc, message.Cc);
        Encode(envelope.Bcc, message.Bcc);
        if (envelope.InReplyTo is { } inReplyTo) message.InReplyTo = inReplyTo;
        if (envelope.MessageId is { } messageId) message.MessageId = messageId;
        return message;
    }

    private static void Encode(IReadOnlyList<Mailboxes.EnvelopeAddress> addresses, ICollection<EnvelopeAddress> messages)
    {
        foreach (var address in addresses)
        {
            var message = new EnvelopeAddress();
            if (address.Name is { } name) message.Name = name;
            if (address.Route is { } route) message.Route = route;
            if (address.Mailbox is { } mailbox) message.Mailbox = mailbox;
            if (address.Host is { } host) message.Host = host;
            messages.Add(message);
        }
    }

    private static BodyPart Encode(Mailboxes.BodyPart part)
    {
        var message = new BodyPart
        {
            Type = part.Type,
            Subtype = part.Subtype,
            Parameters = { part.Parameters.Select(Encode) },
            Encoding = part.Encoding,
            DispositionParameters = { part.DispositionParameters.Select(Encode) },
            Languages = { part.Languages },
            HeaderOffset = part.HeaderOffset,
            BodyOffset = part.BodyOffset,
            BodyLength = part.BodyLength,
            Lines = part.Lines,
            Children = { part.Children.Select(Encode) },
        };
        if (part.Id is { } id) message.Id = id;
        if (part.Description is { } description) message.Description = description;
        if (part.Md5 is { } md5) message.Md5 = md5;
        if (part.Disposition is { } disposition) message.Disposition = disposition;
        if (part.Location is { } location) message.Location = location;
        if (part.Envelope is { } envelope) message.Envelope = Encode(envelope);
        return message;
    }

    private static BodyParameter Encode(Mailboxes.BodyParameter parameter) => new() { Name = parameter.Name, Value = parameter.Value };

    private static Mailboxes.MessageEnvelope DecodeEnvelope(ReadOnlySpan<byte> octets)
    {
        string? date = null, subject = null, inReplyTo = null, messageId = null;
        List<Mailboxes.EnvelopeAddress>? from = null, sender = null, replyTo = null, to = null, cc = null, bcc = null;
        var reader = new WireReader(octets);
        while (reader.TryReadField(out var field))
        {
            switch (field)
            {
                case MessageEnvelope.DateFieldNumber: date = reader.ReadString(); break;
                case MessageEnvelope.SubjectFieldNumber: subject = reader.ReadString(); break;
                case MessageEnvelope.FromFieldNumber: (from ??= []).Add(DecodeAddress(reader.ReadOctets())); break;
                case MessageEnvelope.SenderFieldNumber: (sender ??= []).Add(DecodeAddress(reader.ReadOctets())); break;
                case MessageEnvelope.ReplyToFieldNumber: (replyTo ??= []).Add(DecodeAddress(reader.ReadOctets())); break;
                case MessageEnvelope.ToFieldNumber: (to ??= []).Add(DecodeAddress(reader.ReadOctets())); break;
                case MessageEnvelope.CcFieldNumber: (cc ??= []).Add(DecodeAddress(reader.ReadOctets())); break;
                case MessageEnvelope.BccFieldNumber: (bcc ??= []).Add(DecodeAddress(reader.ReadOctets())); break;
                case MessageEnvelope.InReplyToFieldNumber: inReplyTo = reader.ReadString(); break;
                case MessageEnvelope.MessageIdFieldNumber: messageId = reader.ReadString(); break;
                default: reader.Skip(); break;
            }
        }
        return new Mailboxes.MessageEnvelope
        {
            Date = date,
            Subject = subject,
            From = List(from),
            Sender = List(sender),
            ReplyTo = List(replyTo),
            To = List(to),
            Cc = List(cc),
            Bcc = List(bcc),
            InReplyTo = inReplyTo,
            MessageId = messageId,
        };
    }

    private static Mailboxes.EnvelopeAddress DecodeAddress(ReadOnlySpan<byte> octets)
    {
        string? name = null, route = null, mailbox = null, host = null;
        var reader = new WireReader(octets);
        while (reader.TryReadField(out var field))
        {
            switch (field)
            {
                case EnvelopeAddress.NameFieldNumber: name = reader.ReadString(); break;
                case EnvelopeAddress.RouteFieldNumber: route = reader.ReadString(); break;
                case EnvelopeAddress.MailboxFieldNumber: mailbox = reader.ReadString(); break;
                case EnvelopeAddress.HostFieldNumber: host = reader.ReadString(); break;
                default: reader.Skip(); break;
            }
        }
        return new Mailboxes.EnvelopeAddress(name, route, mailbox, host);
    }

    private static Mailboxes.BodyPart DecodePart(ReadOnlySpan<byte> octets, int depth)
    {
        if (depth > MaxDepth) throw new InvalidDataException("A message structure is too deep.");
        string type = "", subtype = "", encoding = "";
        string? id = null, description = null, md5 = null, disposition = null, location = null;
        List<Mailboxes.BodyParameter>? parameters = null, dispositionParameters = null;
        List<string>? languages = null;
        List<Mailboxes.BodyPart>? children = null;
        Mailboxes.MessageEnvelope? envelope = null;
        long headerOffset = 0, bodyOffset = 0, bodyLength = 0, lines = 0;
        var reader = new WireReader(octets);
        while (reader.TryReadField(out var field))
        {
            switch (field)
            {
                case BodyPart.TypeFieldNumber: type = reader.ReadString(); break;
                case BodyPart.SubtypeFieldNumber: subtype = reader.ReadString(); break;
                case BodyPart.ParametersFieldNumber: (parameters ??= []).Add(DecodeParameter(reader.ReadOctets())); break;
                case BodyPart.IdFieldNumber: id = reader.ReadString(); break;
                case BodyPart.DescriptionFieldNumber: description = reader.ReadString(); break;
                case BodyPart.EncodingFieldNumber: encoding = reader.ReadString(); break;
                case BodyPart.Md5FieldNumber: md5 = reader.ReadString(); break;
                case BodyPart.DispositionFieldNumber: disposition = reader.ReadString(); break;
                case BodyPart.DispositionParametersFieldNumber: (dispositionParameters ??= []).Add(DecodeParameter(reader.ReadOctets())); break;
                case BodyPart.LanguagesFieldNumber: (languages ??= []).Add(reader.ReadString()); break;
                case BodyPart.LocationFieldNumber: location = reader.ReadString(); break;
                case BodyPart.HeaderOffsetFieldNumber: headerOffset = reader.ReadInt64(); break;
                case BodyPart.BodyOffsetFieldNumber: bodyOffset = reader.ReadInt64(); break;
                case BodyPart.BodyLengthFieldNumber: bodyLength = reader.ReadInt64(); break;
                case BodyPart.LinesFieldNumber: lines = reader.ReadInt64(); break;
                case BodyPart.EnvelopeFieldNumber: envelope = DecodeEnvelope(reader.ReadOctets()); break;
                case BodyPart.ChildrenFieldNumber: (children ??= []).Add(DecodePart(reader.ReadOctets(), depth + 1)); break;
                default: reader.Skip(); break;
            }
        }
        return new Mailboxes.BodyPart
        {
            Type = type,
            Subtype = subtype,
            Parameters = List(parameters),
            Id = id,
            Description = description,
            Encoding = encoding,
            Md5 = md5,
            Disposition = disposition,
            DispositionParameters = List(dispositionParameters),
            Languages = List(languages),
            Location = location,
            HeaderOffset = headerOffset,
            BodyOffset = bodyOffset,
            BodyLength = bodyLength,
            Lines = lines,
            Envelope = envelope,
            Children = List(children),
        };
    }

    private static Mailboxes.BodyParameter DecodeParameter(ReadOnlySpan<byte> octets)
    {
        string name = "", value = "";
        var reader = new WireReader(octets);
        while (reader.TryReadField(out var field))
        {
            switch (field)
            {
                case BodyParameter.NameFieldNumber: name = reader.ReadString(); break;
                case BodyParameter.ValueFieldNumber: value = reader.ReadString(); break;
                default: reader.Skip(); break;
            }
        }
        return new Mailboxes.BodyParameter(name, value);
    }

    private static DateTimeOffset? DecodeSentDate(ReadOnlySpan<byte> octets)
    {
        long milliseconds = 0;
        var offset = 0;
        var reader = new WireReader(octets);
        while (reader.TryReadField(out var field))
        {
            switch (field)
            {
                case SentDate.UnixMillisecondsFieldNumber: milliseconds = reader.ReadInt64(); break;
                case SentDate.OffsetMinutesFieldNumber: offset = reader.ReadSInt32(); break;
                default: reader.Skip(); break;
            }
        }
        try { return DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).ToOffset(TimeSpan.FromMinutes(offset)); }
        catch (ArgumentException outside) { throw new InvalidDataException("The date of a message structure is out of range.", outside); }
    }

    private static IReadOnlyList<T> List<T>(List<T>? items) => items ?? (IReadOnlyList<T>)[];
}
