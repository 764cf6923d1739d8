using System.Text;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Mail.Auth;
using Merpati.Protocols.Milter;
using Merpati.Protocols.Smtp.Commands;
using Merpati.Storage;

namespace Merpati.SmtpIngress.Scanners.Milters;

/// <summary>What one filter changes in a message. Its new body is kept in the store while it comes; what nobody needs there in the end is left to the collector.</summary>
internal sealed class MilterEdit(MessageEdit edit, MilterFilter filter, ContentScanners all) : IAsyncDisposable
{
    private IContentWriter? _body;

    public IReadOnlyList<RawField> Fields => edit.Fields;

    /// <summary>Why the filter wants the message to be held; null when it does not.</summary>
    public string? Quarantine { get; private set; }

    public ValueTask<Stream> OpenBodyAsync(CancellationToken cancellationToken)
        => all.Contents.OpenAsync(edit.Body.Content.Id, edit.Body.Offset, edit.Body.Content.Size - edit.Body.Offset, cancellationToken);

    /// <exception cref="InvalidDataException">It cannot be done.</exception>
    public async ValueTask ApplyAsync(MilterChange change, CancellationToken cancellationToken)
    {
        switch (change)
        {
            case MilterChange.AddHeader add:
                edit.Insert(int.MaxValue, add.Name.Span, Value(add.Value));
                break;
            case MilterChange.InsertHeader insert:
                edit.Insert(insert.Index, insert.Name.Span, Value(insert.Value));
                break;
            case MilterChange.ChangeHeader { Value.IsEmpty: true } delete:
                edit.Remove(Math.Max(1, delete.Index), delete.Name.Span);
                break;
            case MilterChange.ChangeHeader replace:
                edit.Change(Math.Max(1, replace.Index), replace.Name.Span, Value(replace.Value));
                break;
            case MilterChange.ReplaceBody body:
                _body ??= await all.Contents.CreateAsync(cancellationToken).ConfigureAwait(false);
                if (_body.Length + body.Octets.Length > all.Options.MaxMessageSize) throw new InvalidDataException("The new body is larger than a message may be.");
                edit.NoteBody(body.Octets.Span);
                await _body.WriteAsync(body.Octets, cancellationToken).ConfigureAwait(false);
                break;
            case MilterChange.AddRecipient add:
                Add(add);
                break;
            case MilterChange.DeleteRecipient { Path: var path }:
                edit.Envelope = edit.Envelope with { Recipients = [.. edit.Envelope.Recipients.Where(recipient => !recipient.Address.Equals(Address(path)))] };
                break;
            case MilterChange.ChangeFrom { Path: var path }:
                edit.Envelope = edit.Envelope with { ReversePath = path.Trim() is "<>" or "" ? ReversePath.Null : new ReversePath(Address(path)) };
                break;
            case MilterChange.Quarantine { Reason: var reason }:
                Quarantine = reason;
                break;
        }
    }

    /// <summary>The filter is done: its body, if it brought one, is that of the message.</summary>
    public async ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        if (_body is not null) edit.Body = new StoredBody(await _body.CommitAsync(cancellationToken).ConfigureAwait(false), 0);
    }

    public ValueTask DisposeAsync() => _body?.DisposeAsync() ?? ValueTask.CompletedTask;

    private byte[] Value(ReadOnlyMemory<byte> value) => filter.Session.Terms.Has(MilterSteps.LeadingSpace) ? value.ToArray() : [(byte)' ', .. value.Span];

    private void Add(MilterChange.AddRecipient add)
    {
        var path = add.Path.Trim();
        var argument = Encoding.UTF8.GetBytes($"TO:{(path.StartsWith('<') ? path : $"<{path}>")}{(add.Parameters is { Length: > 0 } parameters ? " " + parameters : "")}");
        if (!Rcpt.TryParse(argument, smtpUtf8: true, all.Options.ForRole(SmtpRole.Mx), out var recipient, out _)) throw new InvalidDataException($"The filter adds the recipient '{add.Path}', which is none.");
        if (edit.Envelope.Recipients.Any(other => other.Address.Equals(recipient.Address))) return;
        if (edit.Envelope.Recipients.Count >= all.Options.MaxRecipients) throw new InvalidDataException("The filter adds too many recipients.");
        edit.Envelope = edit.Envelope with { Recipients = [.. edit.Envelope.Recipients, recipient] };
    }

    private static EmailAddress Address(string path)
        => EmailAddress.TryParse(path.Trim().TrimStart('<').TrimEnd('>'), out var address) ? address : throw new InvalidDataException($"The filter says '{path}', which is no address.");
}
