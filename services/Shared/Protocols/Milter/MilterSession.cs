using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net;
using System.Text;

namespace Merpati.Protocols.Milter;

/// <summary>
/// The server's side of one conversation with a filter (the protocol of Sendmail's libmilter, version 6), for one message: negotiate, connect, HELO, MAIL, RCPT for each recipient, DATA,
/// each header field, end of headers, body, end of message. The caller goes through the steps in this order and stops at a reply that is not <see cref="MilterReply.Continue"/>
/// (after RCPT: leaves out that recipient). Steps that the filter does not want are not sent; those that it does not answer count as continued. Not thread-safe.
/// Every fault is a <see cref="MilterException"/>; the conversation is of no use afterwards.
/// </summary>
/// <param name="patience">For each answer; <c>progress</c> begins it anew.</param>
public sealed class MilterSession(IDuplexPipe pipe, TimeSpan patience, TimeProvider time)
{
    /// <summary>Octets of a piece of the body (MILTER_CHUNK_SIZE).</summary>
    public const int ChunkSize = 65_535;

    private const int MaxChanges = 10_000;
    private const int MaxProgress = 10_000;

    private readonly Dictionary<string, string> _macros = new(StringComparer.Ordinal);
    private MilterTerms? _terms;

    /// <summary>Which macros are sent at which stage, when the filter does not ask for others: those of Sendmail's and Postfix's defaults that we know.</summary>
    private static readonly Dictionary<MilterStage, string[]> UsualMacros = new()
    {
        [MilterStage.Connect] = ["j", "{daemon_name}", "{daemon_addr}", "{daemon_port}", "v", "_"],
        [MilterStage.Helo] = ["{tls_version}", "{cipher}"],
        [MilterStage.Mail] = ["i", "{auth_type}", "{auth_authen}", "{auth_author}", "{mail_addr}", "{mail_host}", "{mail_mailer}"],
        [MilterStage.Rcpt] = ["i", "{rcpt_addr}", "{rcpt_host}", "{rcpt_mailer}"],
        [MilterStage.Data] = ["i"],
        [MilterStage.EndOfHeaders] = ["i"],
        [MilterStage.EndOfMessage] = ["i"],
    };

    public MilterTerms Terms => _terms ?? throw new InvalidOperationException("Nothing is negotiated yet.");

    /// <summary>A macro as it is from now on, such as <c>j</c> or <c>{auth_authen}</c>; null takes it away.</summary>
    public void Define(string macro, string? value)
    {
        if (value is null) _macros.Remove(macro);
        else _macros[macro] = value.Replace('\0', ' ');
    }

    public async ValueTask<MilterTerms> NegotiateAsync(MilterActions offered, CancellationToken cancellationToken)
    {
        await SendAsync('O', MilterTerms.Offer(offered), cancellationToken).ConfigureAwait(false);
        if (await ReadAsync(cancellationToken).ConfigureAwait(false) is not MilterReply.Terms { Data: var data }) throw new MilterException("The filter does not negotiate.");
        return _terms = MilterTerms.Parse(data.Span, offered);
    }

    /// <param name="name">Of the client, or its address in brackets when nobody knows one.</param>
    /// <param name="client">Null when it is unknown.</param>
    public ValueTask<MilterReply> ConnectAsync(string name, IPEndPoint? client, CancellationToken cancellationToken)
    {
        var data = new ArrayBufferWriter<byte>();
        WriteText(data, name);
        if (client is null) data.Write("U"u8);
        else
        {
            var six = client.Address.GetAddressBytes().Length > 4;
            var head = data.GetSpan(3);
            head[0] = (byte)(six ? '6' : '4');
            BinaryPrimitives.WriteUInt16BigEndian(head[1..], (ushort)client.Port);
            data.Advance(3);
            WriteText(data, client.Address.ToString());
        }
        return StepAsync('C', data.WrittenMemory, MilterStage.Connect, MilterSteps.NoConnect, MilterSteps.ConnectUnanswered, cancellationToken);
    }

    public ValueTask<MilterReply> HeloAsync(string hello, CancellationToken cancellationToken)
        => StepAsync('H', Texts([hello]), MilterStage.Helo, MilterSteps.NoHelo, MilterSteps.HeloUnanswered, cancellationToken);

    /// <param name="path">With angle brackets.</param>
    /// <param name="parameters">ESMTP parameters, each as <c>SIZE=100</c>.</param>
    public ValueTask<MilterReply> MailAsync(string path, IEnumerable<string> parameters, CancellationToken cancellationToken)
        => StepAsync('M', Texts([path, .. parameters]), MilterStage.Mail, MilterSteps.NoMail, MilterSteps.MailUnanswered, cancellationToken);

    /// <inheritdoc cref="MailAsync"/>
    public ValueTask<MilterReply> RcptAsync(string path, IEnumerable<string> parameters, CancellationToken cancellationToken)
        => StepAsync('R', Texts([path, .. parameters]), MilterStage.Rcpt, MilterSteps.NoRcpt, MilterSteps.RcptUnanswered, cancellationToken);

    public async ValueTask<MilterReply> DataAsync(CancellationToken cancellationToken)
        // Came with version 4.
        => Terms.Version < 4 ? new MilterReply.Continue() : await StepAsync('T', default, MilterStage.Data, MilterSteps.NoData, MilterSteps.DataUnanswered, cancellationToken).ConfigureAwait(false);

    /// <param name="value">All behind the colon, as it stands in the message.</param>
    public ValueTask<MilterReply> HeaderAsync(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, CancellationToken cancellationToken)
    {
        if (!Terms.Has(MilterSteps.LeadingSpace) && value is [(byte)' ', ..]) value = value[1..];
        var data = new byte[Math.Min(name.Length + value.Length + 2, MilterPacket.MaxData)];
        var length = 0;
        foreach (var octet in name) Put(octet);
        Put(0);
        // Lines are cut by LF alone, and the last line break is not a part of it; a NUL would end it.
        foreach (var octet in value.TrimEnd("\r\n"u8))
        {
            if (octet is not ((byte)'\r' or 0)) Put(octet);
        }
        data[Math.Min(length, data.Length - 1)] = 0;
        return StepAsync('L', data.AsMemory(0, Math.Min(length, data.Length - 1) + 1), null, MilterSteps.NoHeaders, MilterSteps.HeaderUnanswered, cancellationToken);

        void Put(byte octet)
        {
            if (length < data.Length - 1) data[length++] = octet;
        }
    }

    public ValueTask<MilterReply> EndOfHeadersAsync(CancellationToken cancellationToken)
        => StepAsync('N', default, MilterStage.EndOfHeaders, MilterSteps.NoEndOfHeaders, MilterSteps.EndOfHeadersUnanswered, cancellationToken);

    /// <param name="octets">At most <see cref="ChunkSize"/>.</param>
    public ValueTask<MilterReply> BodyAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
        => StepAsync('B', octets, null, MilterSteps.NoBody, MilterSteps.BodyUnanswered, cancellationToken);

    /// <summary>The message is whole: the filter's changes, each given to <paramref name="change"/> as it comes, and its last word.</summary>
    public async ValueTask<MilterReply> EndOfMessageAsync(Func<MilterChange, CancellationToken, ValueTask> change, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(change);
        WriteMacros('E', MilterStage.EndOfMessage);
        await SendAsync('E', default, cancellationToken).ConfigureAwait(false);
        for (var changes = 0; changes < MaxChanges; changes++)
        {
            var reply = await ReadAsync(cancellationToken).ConfigureAwait(false);
            if (reply is not MilterReply.Change { What: var what }) return Verdict(reply);
            if (!Terms.May(what.Needs)) throw new MilterException($"The filter does what it did not negotiate: {what.Needs}.");
            await change(what, cancellationToken).ConfigureAwait(false);
        }
        throw new MilterException($"The filter wants more than {MaxChanges} changes.");
    }

    /// <summary>The message goes no further: says goodbye, without an answer.</summary>
    public async ValueTask QuitAsync(CancellationToken cancellationToken)
    {
        if (_terms is not null) MilterPacket.Write(pipe.Output, 'A', default);
        await SendAsync('Q', default, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<MilterReply> StepAsync(char command, ReadOnlyMemory<byte> data, MilterStage? stage, MilterSteps unwanted, MilterSteps unanswered, CancellationToken cancellationToken)
    {
        if (Terms.Has(unwanted)) return new MilterReply.Continue();
        if (stage is { } at) WriteMacros(command, at);
        await SendAsync(command, data, cancellationToken).ConfigureAwait(false);
        return Terms.Has(unanswered) ? new MilterReply.Continue() : Verdict(await ReadAsync(cancellationToken).ConfigureAwait(false));
    }

    private static MilterReply Verdict(MilterReply reply) => reply is MilterReply.Terms or MilterReply.Change ? throw new MilterException("The filter's answer is none to this step.") : reply;

    private void WriteMacros(char command, MilterStage stage)
    {
        var data = new ArrayBufferWriter<byte>();
        data.Write([(byte)command]);
        foreach (var name in Terms.Macros.TryGetValue(stage, out var asked) ? asked : UsualMacros[stage])
        {
            // Filters ask for {i} as well as for i.
            var plain = name is ['{', _, '}'] ? name[1..2] : name;
            if (!_macros.TryGetValue(plain, out var value)) continue;
            WriteText(data, name);
            WriteText(data, value);
        }
        MilterPacket.Write(pipe.Output, 'D', data.WrittenSpan);
    }

    private async ValueTask SendAsync(char command, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        MilterPacket.Write(pipe.Output, command, data.Span);
        using var timer = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            if ((await pipe.Output.FlushAsync(either.Token).ConfigureAwait(false)).IsCompleted) throw new MilterException("The filter closed the connection.");
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested) { throw new MilterException("The filter takes nothing.", e); }
        catch (IOException e) { throw new MilterException(e.Message, e); }
    }

    /// <summary>The next reply that is not <see cref="MilterReply.Progress"/>.</summary>
    private async ValueTask<MilterReply> ReadAsync(CancellationToken cancellationToken)
    {
        for (var waits = 0; waits < MaxProgress; waits++)
        {
            using var timer = new CancellationTokenSource(patience, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
            try
            {
                if (MilterReply.Parse(await ReadPacketAsync(either.Token).ConfigureAwait(false)) is var reply and not MilterReply.Progress) return reply;
            }
            catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested) { throw new MilterException("The filter does not answer.", e); }
            catch (IOException e) { throw new MilterException(e.Message, e); }
        }
        throw new MilterException("The filter makes progress and comes to no end.");
    }

    private async ValueTask<MilterPacket> ReadPacketAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await pipe.Input.ReadAsync(cancellationToken).ConfigureAwait(false);
            var buffer = read.Buffer;
            if (MilterPacket.TryRead(ref buffer, out var packet))
            {
                pipe.Input.AdvanceTo(buffer.Start);
                return packet;
            }
            pipe.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCompleted) throw new MilterException("The filter closed the connection.");
        }
    }

    private static ReadOnlyMemory<byte> Texts(IEnumerable<string> texts)
    {
        var data = new ArrayBufferWriter<byte>();
        foreach (var text in texts) WriteText(data, text);
        return data.WrittenMemory;
    }

    private static void WriteText(ArrayBufferWriter<byte> data, string text)
    {
        Encoding.UTF8.GetBytes(text.Replace('\0', ' '), data);
        data.Write([(byte)0]);
    }
}
