using System.Buffers.Binary;
using System.Security.Cryptography;
using Merpati.Mailboxes;

namespace Merpati.Mail.Content;

/// <summary>The words of a message as numbers: what a classifier learns by, and nothing that could be read again.</summary>
/// <param name="Digest">Of the message: who has learned it once does not learn it again.</param>
/// <param name="Tokens">Each once.</param>
public sealed record MessageTokens(ulong Digest, IReadOnlyCollection<uint> Tokens)
{
    private const int MaxTokens = 2000;
    private const int MaxText = 256 * 1024;
    private const int MaxWord = 40;

    /// <summary>Subject, author and text, decoded; not more than a reader would look at.</summary>
    public static async ValueTask<MessageTokens> ReadAsync(MessageStructure structure, long length, OpenContent open, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(structure);
        var tokens = new HashSet<uint>();
        var words = new WordReader(tokens, MaxTokens);
        if (structure.Envelope.Subject is { } subject) words.Read("subject:", HeaderText.Decode(subject), whole: true);
        foreach (var author in structure.Envelope.From.Where(author => author.Host is not null).Take(10))
        {
            words.Add("from:", author.Host!);
            words.Add("from:", $"{author.Mailbox}@{author.Host}");
        }
        var read = 0;
        await foreach (var text in new MessageText(structure, default, length, open).ReadAsync(cancellationToken))
        {
            if (text.InHeader) continue;
            words.Read("", text.Text.Span, whole: text.Begins);
            read += text.Text.Length;
            if (read >= MaxText || words.IsFull) break;
        }
        words.End();
        return new MessageTokens(await DigestAsync(structure, length, open, cancellationToken), tokens);
    }

    /// <summary>Of the first octets of the message, where its header is: no two messages have the same.</summary>
    private static async ValueTask<ulong> DigestAsync(MessageStructure structure, long length, OpenContent open, CancellationToken cancellationToken)
    {
        var octets = new byte[Math.Min(length, Math.Min(structure.Root.BodyOffset + 4096, 64 * 1024))];
        var content = await open(0, octets.Length, cancellationToken);
        await using var closing = content;
        var read = await content.ReadAtLeastAsync(octets, octets.Length, throwOnEndOfStream: false, cancellationToken);
        return BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(octets.AsSpan(0, read)));
    }

    /// <summary>Cuts text into words: letters and digits, with what stands within names and prices. Scripts that know no blanks are taken two characters at a time.</summary>
    private sealed class WordReader(HashSet<uint> tokens, int most)
    {
        private readonly char[] _word = new char[MaxWord];
        private int _length;
        private string _prefix = "";

        public bool IsFull => tokens.Count >= most;

        /// <param name="whole">The text before has come to its end.</param>
        public void Read(string prefix, ReadOnlySpan<char> text, bool whole)
        {
            if (whole || prefix != _prefix) End();
            _prefix = prefix;
            foreach (var c in text)
            {
                if (IsIdeograph(c))
                {
                    if (_length > 0 && !IsIdeograph(_word[_length - 1])) End();
                    Put(c);
                    if (_length == 2)
                    {
                        Keep(_word.AsSpan(0, 2));
                        (_word[0], _length) = (_word[1], 1);
                    }
                }
                else if (char.IsLetterOrDigit(c) || char.IsSurrogate(c) || c is '$' or '\u20ac' or '\u00a3' or '%' || (c is '\'' or '-' or '.' && _length > 0))
                {
                    if (_length > 0 && IsIdeograph(_word[_length - 1])) End();
                    Put(char.ToLowerInvariant(c));
                }
                else End();
            }
        }

        public void Add(string prefix, string word)
        {
            End();
            if (!IsFull) tokens.Add(Hash(prefix, word.ToLowerInvariant()));
        }

        public void End()
        {
            var word = _word.AsSpan(0, _length).TrimEnd("'-.");
            // One longer than any word is told by its beginning; shorter ones tell nothing.
            if (word.Length >= 3) Keep(word);
            _length = 0;
        }

        private void Put(char c)
        {
            if (_length < _word.Length) _word[_length++] = c;
        }

        private void Keep(ReadOnlySpan<char> word)
        {
            if (!IsFull) tokens.Add(Hash(_prefix, word));
        }

        private static bool IsIdeograph(char c) => c is (>= '\u3040' and <= '\u30ff') or (>= '\u3400' and <= '\u9fff') or (>= '\uac00' and <= '\ud7af') or (>= '\u0e00' and <= '\u0eff');
    }

    /// <summary>FNV-1a over UTF-16. Models are made of these numbers: never change it.</summary>
    internal static uint Hash(string prefix, ReadOnlySpan<char> word)
    {
        var hash = 14695981039346656037UL;
        foreach (var c in prefix) Take(c);
        foreach (var c in word) Take(c);
        return (uint)(hash ^ (hash >> 32));

        void Take(char c)
        {
            hash = (hash ^ (c & 0xffUL)) * 1099511628211UL;
            hash = (hash ^ ((ulong)c >> 8)) * 1099511628211UL;
        }
    }
}
