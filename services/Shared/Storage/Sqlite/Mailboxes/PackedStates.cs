using Merpati.Mailboxes;

namespace Merpati.Storage.Sqlite;

/// <summary>
/// MODSEQ and flags of all messages of a mailbox in four octets each: how far the MODSEQ is above a ground, and which of the sets of flags that occur in the mailbox. With the UID that makes eight.
/// </summary>
internal sealed class PackedStates
{
    private const int SetBits = 10;
    private const uint SetMask = (1u << SetBits) - 1;
    private const long MaxHeight = uint.MaxValue >> SetBits;

    private readonly long _ground;
    private readonly MessageFlags[] _sets;
    private readonly uint[] _states;

    private PackedStates(long ground, MessageFlags[] sets, uint[] states) => (_ground, _sets, _states) = (ground, sets, states);

    /// <summary>Of the n-th message.</summary>
    public (ModSeq ModSeq, MessageFlags Flags) this[int index] => (new ModSeq(_ground + (_states[index] >> SetBits)), _sets[_states[index] & SetMask]);

    /// <summary>Packs message by message.</summary>
    public sealed class Packer
    {
        private readonly long _ground;
        private readonly List<MessageFlags> _sets;
        private readonly Dictionary<(SystemFlags, string), uint> _withKeywords = [];
        private uint[] _states;
        private bool _fits = true;

        /// <param name="highest">HIGHESTMODSEQ. There is as much room for the changes to come as for those that have been.</param>
        public Packer(ModSeq highest, int messages)
        {
            _ground = Math.Max(0, highest.Value - MaxHeight / 2);
            _sets = [.. StoredFlags.WithoutKeywords];
            _states = new uint[messages];
        }

        private Packer(PackedStates before, uint[] states)
        {
            _ground = before._ground;
            _sets = [.. before._sets];
            for (var set = StoredFlags.WithoutKeywords.Length; set < _sets.Count; set++) _withKeywords[(_sets[set].System, StoredFlags.Keywords(_sets[set])!)] = (uint)set;
            _states = states;
        }

        /// <summary>Begins with what is known of other messages, and of older states of these.</summary>
        public static Packer From(PackedStates before, Uid[] uidsBefore, Uid[] uids)
        {
            var states = new uint[uids.Length];
            if (ReferenceEquals(uids, uidsBefore))
            {
                before._states.CopyTo(states, 0);
                return new Packer(before, states);
            }
            for (int i = 0, j = 0; i < uids.Length && j < uidsBefore.Length; j++)
            {
                // Both ascend, and what is new comes last.
                if (uids[i] == uidsBefore[j]) states[i++] = before._states[j];
            }
            return new Packer(before, states);
        }

        /// <param name="keywords">As they are stored.</param>
        public void Set(int index, ModSeq modSeq, SystemFlags system, string? keywords)
        {
            var height = modSeq.Value - _ground;
            var set = keywords is null ? (uint)system : SetOf(system, keywords);
            _fits = _fits && height is >= 0 and <= MaxHeight && set <= SetMask;
            if (!_fits) return;
            if (index >= _states.Length) Array.Resize(ref _states, index + Math.Max(index / 2, 16));
            _states[index] = (uint)height << SetBits | set;
        }

        /// <summary>Null where it does not fit: changes too far apart, or too many different sets of flags. Such a mailbox is read from its table each time.</summary>
        public PackedStates? Complete(int messages)
        {
            if (!_fits) return null;
            if (_states.Length != messages) Array.Resize(ref _states, messages);
            return new PackedStates(_ground, [.. _sets], _states);
        }

        private uint SetOf(SystemFlags system, string keywords)
        {
            if (_withKeywords.TryGetValue((system, keywords), out var known)) return known;
            var set = (uint)_sets.Count;
            if (set > SetMask) return set;
            _withKeywords.Add((system, keywords), set);
            _sets.Add(StoredFlags.Of(system, keywords));
            return set;
        }
    }
}
